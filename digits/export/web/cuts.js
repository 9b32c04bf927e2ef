// Lines of ink cut into pieces, more than there are digits, of which a network chooses: cuts.py, in the same order.

const TALL = 0.4; // a part is a digit's, or begins a line, if it is so high, as a share of the highest one
const NEAR = 3; // a part is compared with so many parts of a line
const ONE = 0.7; // parts are one above the other if they share so much of the narrower one's width
const WIDE = 0.75; // in heights of a line's digits: only what is wider is cut
const APART = 0.25; // least distance of cuts from each other and from the ends
const DEEP = 0.35; // most ink that a cut goes through, in heights of what it cuts
const ASIDE = 0.55; // what a cut's step aside costs, in pixels of ink
const RUN = 4, BROAD = 1.6; // most pieces of a digit, and most width of several

// What a digit must make up for, in the units of its log-likelihood.
const SEAM = 1.2; // for each seam
const GAP = [0.25, 8]; // how many a gap inside it is: for being one, and per height; an end cut through ink is 1/2
const SHORT = [0.7, 20]; // for being lower than this share of the line's height, per height
const LONG = [0.7, 3]; // for being wider than this share of the line's height, per height
const NONE = 3; // being no digit, per height
const UNSURE = 0.02; // no output counts as nearer to 0 or 1
const DOUBT = 0.3; // a seam makes a line as unsure as so many heights of no digit

// The pieces of each line of ink, left to right, lines from the top; and `owners`, an image of each pixel's piece, 0
// where there is none. A line is {height, pieces}, a piece like a part, with the number of the stroke it is cut from.
// It is not `whole` if it is no main part's and meets the left or right border of the picture.
function cut({ labels, parts }) {
  const owners = blank(labels.width, labels.height), rows = [];
  const clearest = Math.max(...parts.map((part) => part.score));
  let count = 0;
  for (const line of lines(parts.filter((part) => part.score > 0.1 * clearest))) {
    const height = lineHeight(line), pieces = [];
    stacked(line).forEach((parts, stroke) => {
      const [left, top, right, bottom] = around(parts), own = new Set(parts.map((part) => part.label));
      const mask = changed(crop(labels, left, top, right, bottom), (label) => Number(own.has(label)));
      const paths = right - left > WIDE * height ? thinPlaces(mask, height) : [];
      const beyond = (i) => paths.filter((path) => i % mask.width >= path[Math.floor(i / mask.width)]).length;
      const place = changed(mask, (ink, i) => (ink ? beyond(i) : -1));
      const score = Math.max(...parts.map((part) => part.score)), main = parts.some((part) => part.main);
      for (let n = 0; n <= paths.length; n++) {
        const piece = changed(mask, (_, i) => Number(place.data[i] === n));
        if (!piece.data.includes(1)) continue;
        count++;
        piece.data.forEach((ink, i) => {
          if (ink) owners.data[(top + Math.floor(i / mask.width)) * owners.width + left + (i % mask.width)] = count;
        });
        const [x, y, xEnd, yEnd] = bounds(piece);
        const box = { left: left + x, top: top + y, right: left + xEnd, bottom: top + yEnd };
        const whole = main || (box.left > 0 && box.right < owners.width);
        pieces.push({ label: count, ...box, score, stroke, whole });
      }
    });
    rows.push({ height, pieces });
  }
  return { owners, rows };
}

const tallness = (part) => part.bottom - part.top;

// The parts of each line, from the top: tall ones beside each other, level or rising, and small ones nearby.
function lines(parts) {
  const most = Math.max(...parts.map(tallness)), small = (part) => tallness(part) <= TALL * most, found = [];
  for (const part of [...parts].sort((a, b) => small(a) - small(b) || a.left - b.left)) {
    let home = null, best = -Infinity;
    for (const line of found) {
      const away = (other) => Math.abs(other.left + other.right - part.left - part.right);
      for (const near of [...line].sort((a, b) => away(a) - away(b)).slice(0, NEAR)) {
        const shared = Math.min(near.bottom, part.bottom) - Math.max(near.top, part.top); // negative where a gap is
        let needed = 0.3 * Math.min(tallness(part), tallness(near));
        if (small(part)) needed = -0.5 * tallness(near);
        else if (above(near, part)) needed = -0.2 * most;
        if (shared > needed && shared > best) [home, best] = [line, shared];
      }
    }
    if (home) home.push(part);
    else if (!small(part)) found.push([part]);
  }
  const middle = (line) => line.reduce((sum, part) => sum + part.top + part.bottom, 0) / line.length;
  return found.sort((a, b) => middle(a) - middle(b));
}

// Left, top, right and bottom of the box around several parts or pieces.
function around(parts) {
  const side = (name, most) => most(...parts.map((part) => part[name]));
  return [side("left", Math.min), side("top", Math.min), side("right", Math.max), side("bottom", Math.max)];
}

// The median height of a line's tall parts.
function lineHeight(line) {
  const heights = line.map(tallness).sort((a, b) => a - b), tall = heights.filter((n) => n > TALL * heights.at(-1));
  return (tall[(tall.length - 1) >> 1] + tall[tall.length >> 1]) / 2;
}

// The parts of a line, left to right; those one above the other, such as a 5 and its bar, together.
function stacked(line) {
  const groups = [];
  for (const part of [...line].sort((a, b) => a.left - a.right - (b.left - b.right))) {
    const group = groups.find((group) => {
      const [left, , right] = around(group);
      return above({ left, right }, part);
    });
    if (group) group.push(part);
    else groups.push([part]);
  }
  const centre = (group) => around(group)[0] + around(group)[2];
  return groups.sort((a, b) => centre(a) - centre(b));
}

// Whether one of the two is above the other, or would be if it were moved up or down.
function above(one, other) {
  const shared = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  return shared > ONE * Math.min(one.right - one.left, other.right - other.left);
}

// Cuts through a mask where they meet little ink, left to right, for digits of this height: of each, the column that it
// goes through in each row. Of all paths down, by at most a column a row, a cut is one that meets the least ink.
function thinPlaces(mask, height) {
  const { width, height: rows, data } = mask, half = rows >> 1, least = APART * height, chosen = [];
  const down = cheapest(mask, 0, half), up = cheapest(mask, rows - 1, half);
  const met = Array.from({ length: width }, (_, x) => down.cost[x] + up.cost[x] - data[half * width + x]);
  for (const x of [...met.keys()].sort((a, b) => met[a] - met[b] || a - b)) {
    if (met[x] > DEEP * rows) break;
    if (x < least || x >= width - least || chosen.some((other) => Math.abs(x - other) < least)) continue;
    chosen.push(x);
  }
  return chosen.sort((a, b) => a - b).map((x) => [...follow(down, x).reverse(), ...follow(up, x).slice(1)]);
}

// What the cheapest path from row `first` of a mask to each column of row `last` costs; and the steps of each row.
function cheapest({ width, data }, first, last) {
  const way = Math.sign(last - first), steps = [new Int8Array(width)];
  let cost = Float64Array.from({ length: width }, (_, x) => data[first * width + x]);
  for (let row = first; row !== last;) {
    row += way;
    const before = cost, step = new Int8Array(width);
    cost = before.map((straight, x) => {
      let best = straight;
      for (const side of [-1, 1]) {
        if (x + side < 0 || x + side >= width || before[x + side] + ASIDE >= best) continue;
        [best, step[x]] = [before[x + side] + ASIDE, side];
      }
      return best + data[row * width + x];
    });
    steps.push(step);
  }
  return { cost, steps };
}

// The columns of a path that ends in this column of the last row, from the last row to the first.
function follow({ steps }, column) {
  return [...steps].reverse().map((step) => {
    const here = column;
    column += step[column];
    return here;
  });
}

// The runs of a line's pieces that may be a digit, each single one among them; by where they begin.
function trials({ height, pieces }) {
  const made = [], inked = pieces.slice(1).map((piece, n) => piece.stroke === pieces[n].stroke);
  const wide = (n) => Math.max(0, pieces[n + 1].left - pieces[n].right) / height;
  const gaps = inked.map((ink, n) => (ink ? 0 : GAP[0] + GAP[1] * wide(n)));
  for (let first = 0; first < pieces.length; first++) {
    for (let last = first + 1; last <= Math.min(first + RUN, pieces.length); last++) {
      const [left, top, right, bottom] = around(pieces.slice(first, last));
      if (right - left > BROAD * height && last > first + 1) break;
      const ends = Number(first > 0 && inked[first - 1]) + Number(last < pieces.length && inked[last - 1]);
      const seams = gaps.slice(first, last - 1).reduce((sum, gap) => sum + gap, 0) + ends / 2;
      const whole = pieces.slice(first, last).some((piece) => piece.whole);
      made.push({ first, last, width: (right - left) / height, height: (bottom - top) / height, seams, whole });
    }
  }
  return made;
}

// The best way through a line: [number, isDigit] of the trials on it. outputs: the network's ten of each.
function bestWay(tried, outputs) {
  const best = [0], steps = [];
  tried.forEach(({ first, last, width, height, seams, whole }, number) => {
    const a = Array.from(outputs[number], (value) => clamp(value, UNSURE, 1 - UNSURE)), most = Math.max(...a);
    const none = a.reduce((sum, value) => sum + Math.log(1 - value), 0);
    const digit = none + Math.log(most) - Math.log(1 - most);
    const cost = SEAM * seams + SHORT[1] * Math.max(0, SHORT[0] - height) + LONG[1] * Math.max(0, width - LONG[0]);
    const ways = [[digit - cost, true]];
    if (last === first + 1) ways.push([none - whole * NONE * Math.min(height, 1), false]);
    for (const [score, isDigit] of ways) {
      if (best[first] + score > (best[last] ?? -Infinity)) {
        best[last] = best[first] + score;
        steps[last] = [number, isDigit];
      }
    }
  });
  const way = [];
  for (let end = best.length - 1; end > 0; end = tried[steps[end][0]].first) way.unshift(steps[end]);
  return way;
}

// How sure the network is of a way through a line: its mean activation across the digits, 0 if there are none. Where
// something whole and as tall is no digit, and across DOUBT for each seam, the activation counts as 0.
function sureness(tried, outputs, way) {
  let sure = 0, wide = 0;
  for (const [n, isDigit] of way) {
    const { width, height, seams, whole } = tried[n];
    if (isDigit) {
      sure += width * Math.max(...outputs[n]);
      wide += width + DOUBT * seams;
    } else if (whole && height > SHORT[0]) wide += width;
  }
  return sure / Math.max(wide, 1e-9);
}
