// Any picture of handwriting to digits drawn the way MNIST's were, as in digits/handwriting/.

const WORKING = 300; // a picture is reduced until it has at most this many pixels squared
const SMALLEST = 150; // a picture of fewer pixels squared is enlarged to at least this many
const NARROW = 100; // a picture is refused if one side is this many times the other

// The digits of a line such as a postal code, left to right, cut at gaps alone; empty if no ink is found.
//
// pixels: an upright picture as ImageData, {width, height, data: RGBA}. Each digit is {image, box, clarity}: a
// Float32Array(784) of 0..1, light on dark; left, top, right and bottom in pixels of the picture; and a score of its
// edges, higher the more they look like those of pen strokes. A 28x28 picture drawn as MNIST's are is not changed.
function findDigits(pixels) {
  const { digit, ink, scale } = inkOf(pixels);
  if (digit) return [digit];
  if (!ink) return [];
  const groups = groupParts(ink.parts.filter((part) => part.main));
  const owner = new Map(groups.flatMap((group, n) => group.map((part) => [part.label, n + 1])));
  const owners = changed(ink.labels, (label) => owner.get(label) ?? 0);
  return groups.map((group, n) => digitOf(ink.darkness, owners, [n + 1, n + 1], group, scale));
}

// The lines of numbers in a picture, from the top, each cut into more than its digits: {trials, digits}, a digit for
// each trial. `bestWay` chooses among them.
function findLines(pixels) {
  const { digit, ink, scale } = inkOf(pixels);
  if (digit) return [{ trials: [{ first: 0, last: 1, width: 1, height: 1, seams: 0, whole: true }], digits: [digit] }];
  return ink ? linesOf(ink, scale) : [];
}

// The lines that ink makes, as `findLines` has them.
function linesOf(ink, scale) {
  const { owners, rows } = cut(ink);
  return rows.map((row) => {
    const tried = trials(row), runs = tried.map(({ first, last }) => row.pieces.slice(first, last));
    const digits = runs.map((run) => digitOf(ink.darkness, owners, [run[0].label, run.at(-1).label], run, scale));
    return { trials: tried, digits };
  });
}

// The ink of a picture, null if there is none, and how many pixels of the picture are one of its own; or an image of
// MNIST's itself.
function inkOf(pixels) {
  let [colours, scale] = openPicture(pixels);
  if (!colours) return {};
  const { width, height, data } = colours[0];
  if (drawnAsMnist(colours)) {
    return { digit: { image: data.map((grey) => grey / 255), box: [0, 0, 28, 28], clarity: 1 } };
  }
  const enlargement = Math.ceil(SMALLEST / Math.floor(Math.sqrt(width * height)));
  if (enlargement > 1) {
    const enlarged = (colour) => resized(colour, cubic, width * enlargement, height * enlargement);
    colours = colours.map((colour) => changed(enlarged(colour), (value) => Math.round(clamp(value, 0, 255))));
    scale /= enlargement;
  }
  return { ink: findInk(colours, enlargement), scale };
}

// Parts as a digit: the pixels whose `owners` are these labels, first to last, and their soft edges.
function digitOf(darkness, owners, [first, last], parts, scale) {
  const box = around(parts), outer = [box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1];
  const own = crop(owners, ...outer), mask = changed(own, (owner) => Number(owner >= first && owner <= last));
  const dark = crop(darkness, ...outer), near = dilated(mask, 3, 3), most = quantile(valuesIn(dark, mask), 0.5);
  const soft = (i) => near.data[i] && (mask.data[i] || own.data[i] === 0);
  const strokes = changed(dark, (value, i) => (soft(i) ? clamp(value / most, 0, 1) : 0));
  const clarity = Math.max(...parts.map((part) => part.score));
  return { image: redraw(strokes), box: box.map((n) => rounded(n * scale)), clarity };
}

// Group the parts that make a digit: those above one another, and small ones nearby. Left to right.
function groupParts(parts) {
  const clearest = Math.max(...parts.map((part) => part.score));
  parts = parts.filter((part) => part.score > 0.12 * clearest);
  const tall = Math.max(...parts.map((part) => part.bottom - part.top));
  const groups = [];
  for (const part of [...parts].sort((a, b) => a.top - a.bottom - (b.top - b.bottom))) {
    const height = part.bottom - part.top;
    let home = null, nearest = Infinity;
    for (const group of groups) {
      for (const other of group) {
        const across = Math.min(other.right, part.right) - Math.max(other.left, part.left); // negative where a gap is
        const down = Math.min(other.bottom, part.bottom) - Math.max(other.top, part.top);
        const gap = Math.hypot(Math.min(across, 0), Math.min(down, 0));
        const overlap = across / Math.min(other.right - other.left, part.right - part.left);
        const small = height <= 0.5 * tall && gap < 0.2 * tall;
        const lower = (part.bottom - other.bottom) * Math.sign(part.left + part.right - other.left - other.right);
        const staggered = lower > 0.2 * tall && gap < 0.15 * tall; // of the right one: a 4 in two strokes
        const stacked = overlap > 0.5 && gap < 0.3 * tall && (height <= 0.5 * tall || down < 0.5 * height);
        if ((small || stacked || staggered || overlap > 0.8) && gap < nearest) [home, nearest] = [group, gap];
      }
    }
    if (home) home.push(part);
    else if (height > 0.25 * tall) groups.push([part]); // not a dot or a dash
  }
  const left = (group) => Math.min(...group.map((part) => part.left));
  return groups.sort((a, b) => left(a) - left(b));
}

// A picture as [red, green, blue], images of integers 0..255, reduced to WORKING; and its scale: original pixels to one
// of these. Transparency becomes white, or black under light ink. Null if the picture is too small or too narrow.
function openPicture({ width, height, data }) {
  const shorter = Math.min(width, height), longer = Math.max(width, height);
  if (shorter < 8 || longer > NARROW * shorter) return [null, 1];
  const reduction = Math.ceil(Math.floor(Math.sqrt(width * height)) / WORKING);
  const [w, h] = [width, height].map((n) => Math.ceil(n / reduction));
  // Sums over the pixels that become one: of red, green and blue, each times its opacity 0..1, and of alpha 0..255.
  const [red, green, blue, alpha] = Array.from({ length: 4 }, () => blank(w, h).data);
  for (let y = 0, k = 0; y < height; y++) {
    const row = Math.floor(y / reduction) * w;
    for (let x = 0; x < width; x++, k += 4) {
      const i = row + Math.floor(x / reduction), opaque = data[k + 3] / 255;
      red[i] += data[k] * opaque;
      green[i] += data[k + 1] * opaque;
      blue[i] += data[k + 2] * opaque;
      alpha[i] += data[k + 3];
    }
  }
  let shown = 0, opaque = 0;
  for (let i = 0; i < alpha.length; i++) {
    shown += 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i];
    opaque += alpha[i] / 255;
  }
  const within = (length, i) => Math.min(reduction, length - i * reduction); // fewer at the right and at the bottom
  const mean = (sums, i) => {
    const pixels = within(width, i % w) * within(height, Math.floor(i / w));
    return Math.floor(((Math.round(sums[i]) + (pixels >> 1)) * Math.floor(2 ** 24 / pixels)) / 2 ** 24); // as Pillow
  };
  const onto = shown > 127 * opaque ? () => 0 : (i) => 255 - mean(alpha, i);
  const colours = [red, green, blue].map((sum) => filled(w, h, (i) => mean(sum, i) + onto(i)));
  return [colours, longer / Math.max(w, h)];
}
