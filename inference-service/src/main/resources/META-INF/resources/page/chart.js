// A chart of lines over steps, as SVG; it looks like the charts of a training report.

const WIDTH = 480;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 28;
const TOP = 12;
const BOTTOM = 28;
const GAP = 8;
const TICK_WIDTH = 75;
const TICK_HEIGHT = 40;
const COLOURS = ["#2a6fdb", "#d9480f", "#2b8a3e", "#9c36b5", "#0c8599", "#b08900"];

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Returns the smallest round number that is not below another one: 1, 2 or 5 times a power of ten. */
function interval(smallest) {
  const power = 10 ** Math.floor(Math.log10(smallest));
  return power * [1, 2, 5, 10].find((factor) => smallest <= factor * power * (1 + 1e-9));
}

/** Returns a function from values to pixels, and round values between the ends by their label. */
function axis(low, high, lowPixel, highPixel, distance, least = 0) {
  const step = Math.max(least, interval((high - low) * distance / Math.abs(highPixel - lowPixel)));
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push([(i * step + 0).toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }), i * step]);
  }
  return { ticks, pixel: (value) => lowPixel + (highPixel - lowPixel) * (value - low) / (high - low) };
}

function ends(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = high > low ? (high - low) * 0.05 : Math.max(1e-9, Math.abs(high) / 2);
  return [low - margin, high + margin];
}

const label = (text, x, y, anchor) => svg("text", { x, y, "text-anchor": anchor }, text);

const grid = (x1, y1, x2, y2) => svg("line", { x1, y1, x2, y2, stroke: "#8884" });

/**
 * Returns a chart with its title and legend. A line has a name and points with x and y; a point may have a title, and is
 * then drawn as a mark that is filled if the point is chosen.
 */
export function chart(title, lines, { from } = {}) {
  const drawn = lines.filter(({ points }) => points.length > 0);
  const points = drawn.flatMap((line) => line.points);
  const section = document.createElement("section");
  const heading = document.createElement("h3");
  heading.textContent = title;
  section.append(heading);
  if (points.length === 0) {
    return section;
  }
  const xs = points.map(({ x }) => x);
  const left = from ?? Math.min(...xs);
  const x = axis(left, Math.max(left + 1, ...xs), LEFT, WIDTH - RIGHT, TICK_WIDTH, 1);
  const y = axis(...ends(points.map((point) => point.y)), HEIGHT - BOTTOM, TOP, TICK_HEIGHT);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.setAttribute("aria-label", `${title}; ${drawn.map((line) => {
    const last = line.points.at(-1);
    return `${line.name || title}: ${last.y.toPrecision(4)} at ${last.x}`;
  }).join("; ")}`);
  for (const [text, value] of x.ticks) {
    picture.append(grid(x.pixel(value), TOP, x.pixel(value), HEIGHT - BOTTOM), label(text, x.pixel(value), HEIGHT - GAP, "middle"));
  }
  for (const [text, value] of y.ticks) {
    picture.append(grid(LEFT, y.pixel(value), WIDTH - RIGHT, y.pixel(value)), label(text, LEFT - GAP, y.pixel(value) + 4, "end"));
  }
  const legend = document.createElement("p");
  legend.className = "legend";
  drawn.forEach((line, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const corners = line.points.map((point) => `${x.pixel(point.x).toFixed(1)},${y.pixel(point.y).toFixed(1)}`).join(" ");
    picture.append(svg("polyline", { fill: "none", stroke: colour, "stroke-width": 2, points: corners }));
    for (const point of line.points.filter((each) => each.title)) {
      picture.append(svg("circle", {
        cx: x.pixel(point.x), cy: y.pixel(point.y), r: 5, stroke: colour, "stroke-width": 2, fill: point.chosen ? colour : "var(--page)",
      }, svg("title", {}, point.title)));
    }
    if (line.name) {
      const mark = document.createElement("b");
      mark.style.color = colour;
      mark.textContent = "—";
      const entry = document.createElement("span");
      entry.append(mark, ` ${line.name}`);
      legend.append(entry, " ");
    }
  });
  section.append(picture, legend);
  return section;
}
