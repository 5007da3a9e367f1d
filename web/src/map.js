// Maps: every element with `data-map` becomes one.
//
//   data-geojson   a GeoJSON FeatureCollection; properties `href` and `label` make links
//   data-source    or where one is fetched from, on this server
//   data-draw      CSS selector of the input that gets a drawn area, as west,south,east,north
//   data-tiles     address of a tile server, with {z}/{x}/{y}; none: outlines alone
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { feature } from "topojson-client";

const FINE_ZOOM = 5;
const WORLD = [
  [-60, -170],
  [75, 170],
];

/** Return a colour of the page's own style, as a canvas takes it. */
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/**
 * Return rings that nowhere jump from one side of the world to the other: those across the
 * antimeridian go on beyond it, on both sides, and one around a pole is closed by way of the pole.
 */
function unwrapped(ring) {
  let turn = 0;
  const found = ring.map(([x, y], at) => {
    const step = at ? x - ring[at - 1][0] : 0;
    if (step > 180) turn -= 360;
    else if (step < -180) turn += 360;
    return [x + turn, y];
  });
  const [first, last] = [found[0], found.at(-1)];
  if (Math.abs(first[0] - last[0]) > 180) {
    const pole = first[1] < 0 ? -90 : 90;
    return [[...found, [last[0], pole], [first[0], pole], first]];
  }
  const side = found.some(([x]) => x > 180) ? -360 : found.some(([x]) => x < -180) ? 360 : 0;
  return side ? [found, found.map(([x, y]) => [x + side, y])] : [found];
}

function outlinesOf(told) {
  return feature(told, told.objects.countries).features.flatMap(({ geometry }) => {
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    return polygons.flatMap((rings) => unwrapped(rings[0]).map((ring) => [ring, ...rings.slice(1)]));
  });
}

/** Return a text as an element: Leaflet takes strings for HTML. */
function textOf(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

/** Draw the outlines of countries, finer ones once the map is zoomed in. */
async function addOutlines(map, base) {
  const shown = {};
  const show = async (scale) => {
    if (shown[scale]) return;
    shown[scale] = true;
    const told = await (await fetch(`${base}countries-${scale}.json`)).json();
    const land = { type: "MultiPolygon", coordinates: outlinesOf(told) };
    const layer = L.geoJSON(land, {
      interactive: false,
      renderer: L.canvas({ padding: 0.5, pane: "outlines" }),
      style: {
        color: colour("--map-line"),
        weight: 0.7,
        fillColor: colour("--map-land"),
        fillOpacity: 1,
      },
    });
    for (const other of Object.values(shown)) if (other.remove) other.remove();
    shown[scale] = layer.addTo(map);
  };
  map.createPane("outlines").style.zIndex = 150;
  const choose = () => show(map.getZoom() >= FINE_ZOOM ? "50m" : "110m");
  map.on("zoomend", choose);
  await choose();
}

/** Add features, each a link where it says so; return what was added. */
function addFeatures(map, told) {
  return L.geoJSON(told, {
    style: (one) => ({
      color: colour(one.properties?.colour ?? "--map-mark"),
      weight: 1.5,
      fillOpacity: 0.12,
    }),
    pointToLayer: (one, at) => L.circleMarker(at, { radius: 6, weight: 2 }),
    onEachFeature: (one, layer) => {
      const { href, label } = one.properties ?? {};
      if (label) layer.bindTooltip(() => textOf(label), { sticky: true });
      if (href) layer.on("click", () => window.location.assign(href));
    },
  }).addTo(map);
}

export async function mount(element) {
  element.replaceChildren();
  element.classList.add("live");
  const map = L.map(element, {
    worldCopyJump: true,
    zoomSnap: 0.5,
    attributionControl: Boolean(element.dataset.tiles),
    zoomControl: true,
    scrollWheelZoom: false,
    minZoom: 1,
  });
  map.fitBounds(WORLD);
  map.once("focus", () => map.scrollWheelZoom.enable());
  if (element.dataset.tiles) {
    L.tileLayer(element.dataset.tiles, { attribution: element.dataset.attribution ?? "" }).addTo(map);
  }
  const source = element.dataset.source;
  const told = source ? await (await fetch(source)).json() : JSON.parse(element.dataset.geojson || "null");
  let layer = null;
  if (told?.features?.length) {
    layer = addFeatures(map, told);
    map.fitBounds(layer.getBounds(), { padding: [16, 16], maxZoom: 9, animate: false });
  }
  if (!element.dataset.tiles) await addOutlines(map, element.dataset.outlines);
  return { map, layer };
}

for (const element of document.querySelectorAll("[data-map]")) mount(element);
