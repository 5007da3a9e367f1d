// The SPARQL editor over the plain form: marks words and faults, completes from this catalogue's
// own terms, asks without leaving the page, and cancels, which ends the query on the server too.
import Yasqe from "@zazuko/yasqe";
import "@zazuko/yasqe/build/yasqe.min.css";
import "./editor.css";
import { mount } from "./map.js";

const MOST_HINTS = 60;

const form = document.querySelector("[data-editor]");
const area = form.querySelector("textarea");
const run = form.querySelector("[data-run]");
const cancel = form.querySelector("[data-cancel]");
const permalink = form.querySelector("[data-link]");
const long = form.querySelector("[data-long]");
const told = document.querySelector("[data-told]");

// Words

let words = { prefixes: {}, classes: [], properties: [] };
const labels = new Map();

/** Return an IRI as the query may write it, with a prefix where one is known. */
function written(yasqe, iri) {
  const known = { ...words.prefixes, ...yasqe.getPrefixesFromQuery() };
  let best = null;
  for (const [prefix, space] of Object.entries(known)) {
    if (iri.startsWith(space) && (best === null || space.length > known[best].length)) best = prefix;
  }
  const local = best === null ? "" : iri.slice(known[best].length);
  return best !== null && /^[A-Za-z_][\w-]*$/.test(local) ? `${best}:${local}` : `<${iri}>`;
}

/** Return what is typed as an IRI: a prefix that the query does not declare yet is written out. */
function spelledOut(typed) {
  const [, prefix, local] = /^([\w-]*):([\w-]*)$/.exec(typed) ?? [];
  const space = prefix === undefined ? undefined : words.prefixes[prefix];
  return (space === undefined ? typed : space + local).toLowerCase();
}

/**
 * Return the terms that begin with what is typed, then those in which it occurs; behind a prefix,
 * those of its namespace only.
 */
function fitting(terms, typed) {
  const start = spelledOut(typed);
  const space = /^[a-z][a-z0-9+.-]*:.*[#/]/.exec(start)?.[0] ?? (start.includes(":") ? start : "");
  const word = start.replace(/^.*[#/:]/, "");
  const rank = ([iri, label]) => {
    const whole = iri.toLowerCase();
    if (whole.startsWith(start)) return 0;
    if (!whole.startsWith(space)) return 3;
    const name = whole.replace(/^.*[#/]/, "");
    if (name.startsWith(word)) return 1;
    return name.includes(word) || label.toLowerCase().includes(word) ? 2 : 3;
  };
  return terms
    .map((term) => [rank(term), term])
    .filter(([found]) => found < 3)
    .sort((one, other) => one[0] - other[0])
    .slice(0, MOST_HINTS)
    .map(([, [iri]]) => iri);
}

function completer(name, like, terms) {
  const built = Yasqe.Autocompleters[like];
  Yasqe.registerAutocompleter(
    {
      ...built,
      name,
      bulk: false,
      autoShow: true,
      persistenceId: null,
      get: (yasqe, token) => fitting(terms(), token?.autocompletionString ?? ""),
      postProcessSuggestion: (yasqe, token, iri) => {
        const text = written(yasqe, iri);
        labels.set(text, labels.get(iri) ?? "");
        return text;
      },
      postprocessHints: (yasqe, hints) =>
        hints.map((hint) => {
          const label = labels.get(hint.text);
          return label ? { ...hint, displayText: `${hint.text}   ${label}` } : hint;
        }),
    },
    false,
  );
}

completer("own-classes", "class", () => words.classes);
completer("own-properties", "property", () => words.properties);
Yasqe.registerAutocompleter(
  {
    ...Yasqe.Autocompleters.prefixes,
    name: "own-prefixes",
    bulk: false,
    persistenceId: null,
    get: (yasqe, token) =>
      Object.entries(words.prefixes)
        .map(([prefix, space]) => `${prefix}: <${space}>`)
        .filter((text) => text.startsWith(token?.autocompletionString ?? token?.string ?? "")),
  },
  false,
);

// The editor

const holder = document.createElement("div");
holder.className = "editor";
area.before(holder);
area.hidden = true;
const yasqe = new Yasqe(holder, {
  value: area.value.trimEnd() + "\n",
  persistenceId: null,
  createShareableLink: null,
  consumeShareLink: null,
  showQueryButton: false,
  resizeable: false,
  editorHeight: "auto",
  prefixCcApi: null,
  screenReaderLabel: "SPARQL query",
  autocompleters: ["variables", "own-prefixes", "own-classes", "own-properties"],
  // Tab leaves the editor, as keyboards expect of a field
  extraKeys: { "Ctrl-Enter": () => ask(), "Cmd-Enter": () => ask(), Tab: false, "Shift-Tab": false },
});
const label = form.querySelector("label[for]");
label.addEventListener("click", () => yasqe.focus());

/** Put a sign beside a line, and tell in words what is wrong there. */
function mark(line, text) {
  const sign = document.createElement("span");
  sign.className = "fault";
  sign.textContent = "!";
  sign.title = text;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", text);
  yasqe.setGutterMarker(line, "gutterErrorBar", sign);
}

// Yasqe's own signs explain themselves by HTML with styles, which the policy of the page forbids.
yasqe.checkSyntax = () => {
  yasqe.queryValid = true;
  yasqe.clearGutter("gutterErrorBar");
  const doc = yasqe.getDoc();
  for (let line = 0; line < doc.lineCount(); line++) {
    const { state } = yasqe.getTokenAt({ line, ch: doc.getLine(line).length }, true);
    if (state.OK !== false) continue;
    yasqe.queryValid = false;
    const expected = (state.possibleCurrent ?? []).slice(0, 12).join(" ");
    mark(line, state.errorMsg || `This cannot stand here. Expected: ${expected}`);
    return;
  }
};
yasqe.checkSyntax();

let faulty = null;
yasqe.on("change", () => {
  if (faulty !== null) yasqe.removeLineClass(faulty, "background", "faulty");
  faulty = null;
  area.value = yasqe.getValue();
});

/** Show in the editor where the server has found a fault. */
function showFault(answer) {
  const { line, column } = answer?.querySelector("[data-line]")?.dataset ?? {};
  if (!line) return;
  const at = Math.min(Number(line) - 1, yasqe.getDoc().lineCount() - 1);
  faulty = yasqe.addLineClass(at, "background", "faulty");
  mark(at, `The query cannot be read from here: line ${line}, column ${column}`);
  yasqe.getDoc().setCursor({ line: at, ch: Math.max(Number(column) - 1, 0) });
  yasqe.focus();
}

// Asking

let asking = null;

function say(text) {
  told.textContent = text;
}

/** Return the address of a query and its answer, "" if it would be too long. */
function addressOf(query) {
  const address = new URL(form.action);
  address.search = new URLSearchParams({ query });
  return (address.pathname + address.search).length > Number(form.dataset.most) ? "" : address.href;
}

/** Take away what belongs to the query before; its place stays open while the next is asked. */
function clear() {
  const answer = document.querySelector("#answer");
  const empty = document.createElement("section");
  empty.id = "answer";
  empty.style.minHeight = `${answer.offsetHeight}px`;
  answer.replaceWith(empty);
  return empty;
}

/** Tell what leads to a query: a link, or why there is none. */
function showLink(query) {
  const address = addressOf(query);
  permalink.hidden = !address;
  if (address) permalink.href = address;
  long.hidden = Boolean(address);
}

/** Note a query that is asked, so that Back leads to the one before it. */
function note(query) {
  const here = history.state?.query ?? new URL(location.href).searchParams.get("query");
  if (here?.trim() === query.trim()) return;
  const where = addressOf(query) || form.action;
  if (here || location.search) history.pushState({ query }, "", where);
  else history.replaceState({ query }, "", where);
}

async function ask({ noted = true } = {}) {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const query = yasqe.getValue();
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  const clock = setInterval(() => say(`Asking for ${seconds()} s`), 500);
  run.disabled = true;
  cancel.hidden = false;
  say("Asking");
  const place = clear();
  showLink(query);
  if (noted) note(query);
  try {
    const address = addressOf(query);
    const body = new URLSearchParams({ query });
    const response = await fetch(address || form.action, {
      ...(address ? {} : { method: "POST", body }),
      cache: "no-store",
      headers: { Accept: "text/html" },
      signal: mine.signal,
    });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const answer = page.querySelector("#answer") ?? page.querySelector("main > .problem");
    if (!answer) throw new Error(`it answered ${response.status}`);
    answer.id = "answer";
    place.replaceWith(document.importNode(answer, true));
    settle();
    say(document.querySelector("#answer [data-summary]")?.textContent.trim() ?? "");
  } catch (error) {
    place.style.minHeight = "";
    if (error.name !== "AbortError") say(`The server gave no answer: ${error.message}`);
    else if (asking === mine) say(`Cancelled after ${seconds()} s`);
  } finally {
    clearInterval(clock);
    if (asking === mine) {
      asking = null;
      run.disabled = false;
      cancel.hidden = true;
    }
  }
}

/** Make what is in the answer work: its map, its fault, its views. */
function settle() {
  const answer = document.querySelector("#answer");
  for (const element of answer.querySelectorAll("[data-map]:not(.live)")) mount(element);
  showFault(answer);
}

// Back and Forward: the query of that time, asked again
window.addEventListener("popstate", (event) => {
  const query = event.state?.query ?? new URL(location.href).searchParams.get("query");
  if (query === null) {
    location.reload();
    return;
  }
  yasqe.setValue(query);
  ask({ noted: false });
});
// a page that was left with a query that fits in no address has it still
if (history.state?.query && !new URL(location.href).search) yasqe.setValue(history.state.query);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
cancel.addEventListener("click", () => {
  asking?.abort();
  yasqe.focus();
});
showFault(document.querySelector("#answer"));

const answer = await fetch(form.dataset.terms);
if (answer.ok) {
  words = await answer.json();
  for (const [iri, name] of [...words.classes, ...words.properties]) labels.set(iri, name);
}
