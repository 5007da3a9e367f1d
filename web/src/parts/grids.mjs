/**
 * The grids of outlines, the finest first: scale of Natural Earth, zoom from which it is drawn,
 * width and height of a cell in degrees, steps of a degree in its file.
 */
export const GRIDS = [
  { scale: "50m", zoom: 5, degrees: [30, 30], steps: 200 },
  { scale: "110m", zoom: 0, degrees: [360, 180], steps: 20 },
];
