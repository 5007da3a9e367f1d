// Maps: every element with `data-map` becomes one.
//
//   data-geojson   a GeoJSON FeatureCollection; properties `href` and `label` make links,
//                  `asked` is an area that was asked for
//   data-source    or where one is fetched from, on this server
//   data-draw      id of the form whose `bbox` or `area` gets what is drawn; it is sent then
//   data-tiles     address of a tile server, with {z}/{x}/{y}; none: outlines alone
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { addOutlines } from "./parts/outlines.mjs";

/** The view of a map without features. */
const WORLD = { middle: [25, 10], width: 256 };

/** Return a colour of the page's own style, as a canvas takes it. */
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Return a text as an element: Leaflet takes strings for HTML. */
function textOf(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

/** Whether a click is one of drawing, the one that ends it too. */
function isDrawing(map) {
  return map.getContainer().classList.contains("drawing") || Date.now() < (map.drawnUntil ?? 0);
}

/** Whether a list beside the map has a line of a feature. */
function isListed(id) {
  return id !== undefined && document.querySelector(`[data-number="${CSS.escape(id)}"]`) !== null;
}

/**
 * Let the keyboard pass over a feature of which a list has a line, and follow others.
 * Browsers stop at whatever listens for the focus, as tooltips do.
 */
function addKeys(layer, id, href, label) {
  const element = layer.getElement?.();
  if (!element) return;
  if (isListed(id) || !href) {
    element.setAttribute("tabindex", "-1");
    element.setAttribute("aria-hidden", "true");
    return;
  }
  element.setAttribute("tabindex", "0");
  element.setAttribute("role", "link");
  element.setAttribute("aria-label", label ?? href);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter") window.location.assign(href);
  });
}

/** Add features, each a link where it says so; return what was added. */
function addFeatures(map, told) {
  // many areas over each other stay light enough to see the land below
  const fillOpacity = Math.max(0.03, Math.min(0.12, 0.6 / told.features.length));
  return L.geoJSON(told, {
    style: (one) => one.properties?.asked ? {
      color: colour("--accent"), weight: 2.5, dashArray: "6 4", fillOpacity: 0, interactive: false,
    } : ({
      color: colour(one.properties?.colour ?? "--map-mark"),
      weight: 1.5,
      opacity: told.features.length > 8 && one.geometry.type.endsWith("Polygon") ? 0.6 : 1,
      fillOpacity,
    }),
    pointToLayer: (one, at) => L.circleMarker(at, { radius: 6, weight: 2 }),
    onEachFeature: (one, layer) => {
      const { href, label } = one.properties ?? {};
      if (label) layer.bindTooltip(() => textOf(label), { sticky: true });
      if (href) layer.on("click", () => isDrawing(map) || window.location.assign(href));
      layer.on("add", () => addKeys(layer, one.id, href, label));
    },
  }).addTo(map);
}

/** Return a button over the map. */
function tool(label, title) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.title = title;
  button.setAttribute("aria-pressed", "false");
  L.DomEvent.disableClickPropagation(button);
  return button;
}

const rounded = (number) => Number(number.toFixed(4));
const within = (number, most) => Math.max(-most, Math.min(most, number));

/** Let people draw a box or a polygon, which is written into a form that is then sent. */
function addDrawing(map, form) {
  const bar = document.createElement("div");
  bar.className = "map-tools";
  const box = tool("Box", "Draw a box: press, move, release");
  const polygon = tool("Polygon", "Draw a polygon: click its corners; double click or Enter ends it, Escape leaves it");
  bar.append(box, polygon);
  map.getContainer().append(bar);
  let mode = "";
  let corners = [];
  let shown = null;

  const choose = (wanted) => {
    if (mode) map.drawnUntil = Date.now() + 300;
    mode = mode === wanted ? "" : wanted;
    corners = [];
    shown?.remove();
    shown = null;
    box.setAttribute("aria-pressed", String(mode === "box"));
    polygon.setAttribute("aria-pressed", String(mode === "polygon"));
    map.getContainer().classList.toggle("drawing", mode !== "");
    map.dragging[mode ? "disable" : "enable"]();
    map.doubleClickZoom[mode ? "disable" : "enable"]();
  };
  const show = (layer) => {
    shown?.remove();
    shown = layer.addTo(map);
  };
  const style = () => ({ color: colour("--mark"), weight: 2, fillOpacity: 0.08, interactive: false });
  const send = (name, value) => {
    for (const one of ["bbox", "area"]) form.elements[one].value = one === name ? value : "";
    form.requestSubmit();
  };
  const end = () => {
    const ring = corners.filter((one, at) => !at || !one.equals(corners[at - 1]));
    if (ring.length < 3) return;
    const told = [...ring, ring[0]].map(({ lng, lat }) => `${rounded(within(lng, 180))} ${rounded(within(lat, 90))}`);
    choose("");
    send("area", `POLYGON((${told.join(",")}))`);
  };

  box.addEventListener("click", () => choose("box"));
  polygon.addEventListener("click", () => choose("polygon"));
  map.on("mousedown", (event) => {
    if (mode === "box") corners = [event.latlng];
  });
  map.on("mousemove", (event) => {
    if (mode === "box" && corners.length) show(L.rectangle(L.latLngBounds(corners[0], event.latlng), style()));
    if (mode === "polygon" && corners.length) show(L.polygon([...corners, event.latlng], style()));
  });
  map.on("mouseup", (event) => {
    if (mode !== "box" || !corners.length) return;
    const drawn = L.latLngBounds(corners[0], event.latlng);
    choose("");
    if (drawn.getWest() === drawn.getEast() || drawn.getSouth() === drawn.getNorth()) return;
    const ends = [
      [drawn.getWest(), 180],
      [drawn.getSouth(), 90],
      [drawn.getEast(), 180],
      [drawn.getNorth(), 90],
    ];
    send("bbox", ends.map(([number, most]) => rounded(within(number, most))).join(","));
  });
  map.on("click", (event) => {
    if (mode !== "polygon") return;
    corners.push(event.latlng);
    show(L.polygon(corners, style()));
  });
  map.on("dblclick", () => mode === "polygon" && end());
  document.addEventListener("keydown", (event) => {
    if (!mode) return;
    if (event.key === "Escape") choose("");
    if (event.key === "Enter" && mode === "polygon") {
      event.preventDefault();
      end();
    }
  });
}

/** Light the line of a list and its feature together. */
function addLighting(layer) {
  const plain = (one) => layer.options.style(one.feature);
  const lines = new Map([...document.querySelectorAll("[data-number]")].map((one) => [one.dataset.number, one]));
  layer.eachLayer((one) => {
    const line = lines.get(String(one.feature.id));
    if (!line) return;
    const light = (on) => {
      line.classList.toggle("lit", on);
      one.setStyle?.(on ? { weight: 3.5, opacity: 1, fillOpacity: 0.3 } : plain(one));
      if (on) one.bringToFront?.();
    };
    one.on({ mouseover: () => light(true), mouseout: () => light(false) });
    for (const [name, on] of [["mouseenter", true], ["focusin", true], ["mouseleave", false], ["focusout", false]]) {
      line.addEventListener(name, () => light(on));
    }
  });
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
  map.setView(WORLD.middle, Math.max(1, Math.floor(2 * Math.log2(element.clientWidth / WORLD.width)) / 2));
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
  if (layer) addLighting(layer);
  const form = element.dataset.draw && document.getElementById(element.dataset.draw);
  if (form) addDrawing(map, form);
  if (!element.dataset.tiles) await addOutlines(map, element.dataset.outlines, { land: colour("--map-land"), line: colour("--map-line") });
  return { map, layer };
}

for (const element of document.querySelectorAll("[data-map]")) mount(element);
