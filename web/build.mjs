// Bundles the front-end parts into dafab_kg/web/static/built/, with the licences of all that is in
// them.  What comes out depends on the sources and the lock file alone: a test compares.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cellsOf } from "./outlines.mjs";
import { GRIDS } from "./src/parts/grids.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../dafab_kg/web/static/built");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// Natural Earth's countries (public domain), in cells: a page fetches those in view alone.
const cells = {};
for (const grid of GRIDS) {
  const file = join(here, `node_modules/world-atlas/countries-${grid.scale}.json`);
  const found = cellsOf(JSON.parse(readFileSync(file, "utf8")), grid);
  for (const [name, cell] of found) writeFileSync(join(out, `land-${grid.scale}-${name}.json`), JSON.stringify(cell));
  cells[grid.scale] = found.map(([name]) => name);
}

const entries = readdirSync(join(here, "src"))
  .filter((name) => /^[a-z-]+\.js$/.test(name))
  .sort();
const made = await build({
  absWorkingDir: here,
  entryPoints: entries.map((name) => `src/${name}`),
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { CELLS: JSON.stringify(cells) },
  loader: { ".png": "dataurl", ".svg": "dataurl" },
  metafile: true,
  logLevel: "warning",
});

const bundled = new Set(["world-atlas"]);
/** Add a package, and all it depends on where it comes bundled itself. */
function add(name, deep) {
  if (bundled.has(name) || !existsSync(join(here, "node_modules", name, "package.json"))) return;
  bundled.add(name);
  const told = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
  if (deep) for (const other of Object.keys(told.dependencies ?? {})) add(other, true);
}
for (const input of Object.keys(made.metafile.inputs)) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) add(found[1], found[1].endsWith("/yasqe"));
}
/** Return the licence of a package that names it and its authors, and leaves the text out. */
function stated({ name, license, author, contributors = [] }) {
  const file = join(here, `licences/${license}.txt`);
  if (!existsSync(file)) throw new Error(`${name} has no licence text, and ${file} is not there`);
  const authors = [author, ...contributors].map((one) => one?.name ?? one).filter(Boolean);
  return `Copyright ${authors.join(", ")}\n\n${readFileSync(file, "utf8").trim()}`;
}
const parts = [...bundled].sort().map((name) => {
  const place = join(here, "node_modules", name);
  const about = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  const { version, license, homepage } = about;
  const file = readdirSync(place).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(join(place, file), "utf8").replaceAll("\r\n", "\n").trim() : stated(about);
  return `${name} ${version}, ${license ?? "see below"}${homepage ? `, ${homepage}` : ""}\n\n${text}\n`;
});
writeFileSync(
  join(out, "LICENSES.txt"),
  "What the files beside this one are made of, and under which licences.\n" +
    "Outlines of countries: Natural Earth, public domain, by way of world-atlas.\n\n" +
    parts.join(`\n${"-".repeat(80)}\n\n`),
);
