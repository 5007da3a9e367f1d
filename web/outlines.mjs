// Outlines of land and borders, cut into cells of the globe, as web/src/parts/outlines.js draws them.
//
// A cell is { land, borders }: rings and lines as [x, y, dx, dy, ...] in steps of a degree from the
// cell's lower left corner.  The land of a cell reaches one step into the next ones, so that no
// seam is seen; what of a ring runs along that edge is no coast.
import { feature, mesh } from "topojson-client";

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
    const round = last[0] - first[0];
    const thrice = [-round, 0, round].flatMap((more) => found.map(([x, y]) => [x + more, y]));
    return [[...thrice, [thrice.at(-1)[0], pole], [thrice[0][0], pole]]];
  }
  const side = found.some(([x]) => x > 180) ? -360 : found.some(([x]) => x < -180) ? 360 : 0;
  return side ? [found, found.map(([x, y]) => [x + side, y])] : [found];
}

/** Return where a line between two points has a value of an axis. */
function crossing(a, b, axis, at) {
  const share = (at - a[axis]) / (b[axis] - a[axis]);
  const other = a[1 - axis] + share * (b[1 - axis] - a[1 - axis]);
  return axis ? [other, at] : [at, other];
}

/** Return the four edges of a box [west, south, east, north], as axis, value and the side kept. */
const edgesOf = ([west, south, east, north]) => [
  [0, west, 1],
  [0, east, -1],
  [1, south, 1],
  [1, north, -1],
];

/** Return what of a ring lies in a box (after Sutherland and Hodgman: edge by edge). */
function ringWithin(ring, box) {
  let kept = ring;
  for (const [axis, at, side] of edgesOf(box)) {
    const inside = (one) => (one[axis] - at) * side >= 0;
    const found = [];
    kept.forEach((one, index) => {
      const before = kept.at(index - 1);
      if (inside(one) !== inside(before)) found.push(crossing(before, one, axis, at));
      if (inside(one)) found.push(one);
    });
    kept = found;
  }
  return kept;
}

/** Return the pieces of a line that lie in a box. */
function lineWithin(line, box) {
  let kept = [line];
  for (const [axis, at, side] of edgesOf(box)) {
    const inside = (one) => (one[axis] - at) * side >= 0;
    kept = kept.flatMap((piece) => {
      const found = [];
      let open = null;
      piece.forEach((one, index) => {
        const before = piece[index - 1];
        if (inside(one)) {
          if (!open) found.push((open = before ? [crossing(before, one, axis, at)] : []));
          open.push(one);
        } else if (open) {
          open.push(crossing(before, one, axis, at));
          open = null;
        }
      });
      return found;
    });
  }
  return kept;
}

/** Write points as steps from a corner, each but the first as its distance from the one before. */
function written(points, [west, south], steps, fewest) {
  const found = [];
  for (const [x, y] of points) {
    const one = [Math.round((x - west) * steps), Math.round((y - south) * steps)];
    const before = found.at(-1);
    if (!before || before[0] !== one[0] || before[1] !== one[1]) found.push(one);
  }
  if (found.length < fewest) return [];
  return [found.flatMap(([x, y], at) => (at ? [x - found[at - 1][0], y - found[at - 1][1]] : [x, y]))];
}

/**
 * Return cells of a side in degrees as [name, cell] for all that have land; the name is that of
 * the column from the west and the row from the south.
 */
export function cellsOf(told, { degrees, steps }) {
  const { geometry, features } = feature(told, told.objects.land);
  const polygons = (features ?? [{ geometry }]).flatMap((one) =>
    one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates,
  );
  const rings = polygons.flat().flatMap(unwrapped);
  const borders = mesh(told, told.objects.countries, (one, other) => one !== other).coordinates;
  const found = [];
  for (let column = 0; column * degrees[0] < 360; column++) {
    for (let row = 0; row * degrees[1] < 180; row++) {
      const [west, south] = [column * degrees[0] - 180, row * degrees[1] - 90];
      const box = [west, south, west + degrees[0], south + degrees[1]];
      const wider = box.map((one, at) => one + (at < 2 ? -1 : 1) / steps);
      const land = rings.flatMap((one) => written(ringWithin(one, wider), box, steps, 3));
      if (!land.length) continue;
      const lines = borders.flatMap((one) =>
        lineWithin(one, box).flatMap((piece) => written(piece, box, steps, 2)),
      );
      found.push([`${column}-${row}`, { land, borders: lines }]);
    }
  }
  return found;
}
