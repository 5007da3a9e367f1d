// Outlines of land and borders under a map: the cells in view, written by web/outlines.mjs.
import L from "leaflet";
import { GRIDS } from "./grids.mjs";

/* global CELLS: names of the cells that there are, by scale; the build writes them in */

/** Return the names of the cells of a grid that a map shows, each with its lower left corner. */
function cellsIn(bounds, { scale, degrees: [width, height] }) {
  const around = 360 / width;
  const top = Math.min(180 / height - 1, Math.floor((bounds.getNorth() + 90) / height));
  const found = [];
  for (let x = Math.floor((bounds.getWest() + 180) / width); x * width - 180 < bounds.getEast(); x++) {
    for (let y = Math.max(0, Math.floor((bounds.getSouth() + 90) / height)); y <= top; y++) {
      const name = `${x - Math.floor(x / around) * around}-${y}`;
      if (CELLS[scale].includes(name)) found.push({ name, corner: [x * width - 180, y * height - 90] });
    }
  }
  return found;
}

/** Return the points of a ring or line, in steps from the corner of its cell. */
function pointsOf(told) {
  const found = [];
  let [x, y] = [0, 0];
  for (let at = 0; at < told.length; at += 2) found.push([(x += told[at]), (y += told[at + 1])]);
  return found;
}

/** Return the parts of a ring that are coast: what runs along the edge of its cell is not. */
function coastsOf(ring, { degrees, steps }) {
  const [east, north] = degrees.map((one) => one * steps + 1);
  const along = ([x, y], [u, v]) =>
    (x === u && (x === -1 || x === east)) || (y === v && (y === -1 || y === 0 || y === north));
  const found = [];
  let open = null;
  ring.forEach((one, at) => {
    const before = ring.at(at - 1);
    if (along(before, one)) open = null;
    else if (open) open.push(one);
    else found.push((open = [before, one]));
  });
  return found;
}

/** Return a cell as two layers, its land and its lines. */
function layersOf(told, grid, [west, south], colours, renderer) {
  const placed = (points) => points.map(([x, y]) => [south + y / grid.steps, west + x / grid.steps]);
  const rings = told.land.map(pointsOf);
  const lines = [...rings.flatMap((one) => coastsOf(one, grid)), ...told.borders.map(pointsOf)];
  const style = { interactive: false, renderer };
  return [
    L.polygon(rings.map(placed), { ...style, stroke: false, fillColor: colours.land, fillOpacity: 1 }),
    L.polyline(lines.map(placed), { ...style, color: colours.line, weight: 0.7 }),
  ];
}

/** Draw the outlines of land and borders, finer ones once the map is zoomed in. */
export async function addOutlines(map, base, colours) {
  map.createPane("outlines").style.zIndex = 150;
  const renderer = L.canvas({ padding: 0.5, pane: "outlines" });
  const fetched = new Map();
  const fetchOnce = (file) => {
    if (!fetched.has(file)) fetched.set(file, fetch(base + file).then((answer) => answer.json()));
    // a cell that did not come is left out, and asked for again when the map is moved
    return fetched.get(file).catch(() => fetched.delete(file) && null);
  };
  let shown = new Map();
  let turn = 0;
  const show = async () => {
    const mine = ++turn;
    const grid = GRIDS.find((one) => map.getZoom() >= one.zoom);
    const cells = await Promise.all(
      cellsIn(map.getBounds(), grid).map(async ({ name, corner }) => {
        const file = `land-${grid.scale}-${name}.json`;
        return { key: `${file} ${corner}`, corner, told: await fetchOnce(file) };
      }),
    );
    if (mine !== turn) return;
    const now = new Map();
    for (const { key, corner, told } of cells.filter((one) => one.told)) {
      now.set(key, shown.get(key) ?? layersOf(told, grid, corner, colours, renderer));
    }
    for (const [key, layers] of shown) if (!now.has(key)) layers.forEach((one) => one.remove());
    for (const layers of now.values()) layers.forEach((one) => one.addTo(map));
    for (const [, lines] of now.values()) lines.bringToFront();
    shown = now;
  };
  map.on("moveend", show);
  await show();
}
