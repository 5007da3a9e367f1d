"""Ask PostgreSQL by clients side by side; runs in ``.venv-pgstac``, which has the driver.

Standard input is JSON: dsn, clients, budget, cases (SQL texts) of each question; standard
output is JSON: what was seen of each question.
"""

import json
import sys
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parent.parent))
from _clients import ask_all


def main() -> None:
    """Ask all questions in turn."""
    asked = json.load(sys.stdin)

    def connect():
        connection = psycopg.connect(asked["dsn"], autocommit=True)

        def ask(sql: str) -> bytes:
            return json.dumps([str(row[0]) for row in connection.execute(sql)]).encode()

        return ask

    def read(answer: bytes) -> tuple[int, list[str]]:
        keys = json.loads(answer)
        return len(keys), keys

    seen = {}
    for name, cases in asked["questions"].items():
        one = ask_all(cases, connect, read, clients=asked["clients"], budget=asked["budget"])
        seen[name] = vars(one)
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
