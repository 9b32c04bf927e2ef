// What one draws: strokes of a pen, each a list of points [x, y] from 0 to 1 across the pad, or a picture. Only the
// stroke being drawn is changed in place; any other change makes a new drawing, and undo goes back to the one before.

const PEN = 0.08; // width of the pen, in sides of the pad; tuned on validation digits, drawn again
const FINENESS = 200; // strokes are read on a canvas of this many pixels squared
const SURE = 0.5; // least mean activation of the digits of a number, as in digits/predict.py
const LARGEST = 2000; // pixels of a picture's longer side; larger ones are reduced, which some browsers need

const pad = {
  drawing: { strokes: [], picture: null },
  past: [],
  pen: null, // the id of the pointer that draws
};

/** Goes on with another drawing. A pen that is down is lifted: its stroke belongs to the drawing before. */
function replaceDrawing(drawing) {
  pad.past.push(pad.drawing);
  [pad.drawing, pad.pen] = [drawing, null];
}

/** Goes back to the drawing before, if there is one. */
function restoreDrawing() {
  if (pad.past.length) [pad.drawing, pad.pen] = [pad.past.pop(), null];
}

/** Calls `drawn(event, done)` while a pointer draws on the canvas; `done` once it is lifted. */
function listenToPen(canvas, drawn) {
  const point = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (pad.pen !== null || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    replaceDrawing({ strokes: [...pad.drawing.strokes, [point(event)]], picture: null });
    pad.pen = event.pointerId;
    drawn(event, false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pad.pen) return;
    const between = event.getCoalescedEvents(); // all since the last frame
    pad.drawing.strokes.at(-1).push(...(between.length ? between : [event]).map(point));
    drawn(event, false);
  });
  const lifted = (event) => {
    if (event.pointerId !== pad.pen) return;
    pad.pen = null;
    drawn(event, true);
  };
  canvas.addEventListener("touchstart", (event) => event.preventDefault()); // or the browser would scroll and zoom
  canvas.addEventListener("pointerup", lifted);
  canvas.addEventListener("pointercancel", lifted);
}

/** Draws a picture, or strokes as smooth curves, on a square of `side` pixels. */
function paint(context, side, { strokes, picture }) {
  if (picture) context.drawImage(picture, ...placed(picture).map((n) => n * side));
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = PEN * side;
  for (const stroke of strokes) {
    const points = stroke.map((point) => point.map((n) => n * side));
    const [x, y] = points[0];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 0.01, y); // a dot, if the stroke is one point
    for (let i = 1; i < points.length; i++) {
      const [[x, y], [next, below]] = [points[i - 1], points[i]];
      context.quadraticCurveTo(x, y, (x + next) / 2, (y + below) / 2);
    }
    context.lineTo(...points.at(-1));
    context.stroke();
  }
}

/** Left, top, width and height of a picture, in sides of the pad: as large as fits, in the middle. */
function placed({ width, height }) {
  const longer = Math.max(width, height);
  const [w, h] = [width / longer, height / longer];
  return [(1 - w) / 2, (1 - h) / 2, w, h];
}

const inkCanvas = Object.assign(document.createElement("canvas"), { width: FINENESS, height: FINENESS });
const inkContext = inkCanvas.getContext("2d", { willReadFrequently: true });

/** The digit that strokes make, in a list like that of `findDigits`, its box in sides of the pad. */
function digitsOfStrokes(strokes) {
  inkContext.clearRect(0, 0, FINENESS, FINENESS);
  paint(inkContext, FINENESS, { strokes });
  const { data } = inkContext.getImageData(0, 0, FINENESS, FINENESS);
  const ink = filled(FINENESS, FINENESS, (i) => data[4 * i + 3] / 255);
  if (!ink.data.some((value) => value > 0.5)) return [];
  return [{ image: redraw(ink), box: bounds(_drawn(ink)).map((n) => n / FINENESS), clarity: 1 }];
}

/** The picture in a file, upright, on a canvas of at most LARGEST a side; throws if the browser cannot open it. */
async function openFile(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
  const picture = Object.assign(document.createElement("canvas"), { width, height });
  const context = picture.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return picture;
}

/** The digits in a picture, their boxes in sides of the pad; with their lines, if the network reads all ten. */
function digitsOfPicture(picture) {
  const { width, height } = picture, longer = Math.max(width, height), [left, top] = placed(picture);
  const pixels = picture.getContext("2d").getImageData(0, 0, width, height);
  return (detector ? findDigits(pixels) : chosenDigits(findLines(pixels))).map((digit) => ({
    ...digit,
    box: digit.box.map((n, i) => n / longer + (i % 2 ? top : left)),
  }));
}

/** The digits that the network chooses on lines; of several on a line, only if it is fairly sure of them. */
function chosenDigits(lines) {
  return lines.flatMap(({ trials, digits }, line) => {
    const outputs = digits.map(({ image }) => feedforward(image).at(-1));
    const chosen = bestWay(trials, outputs).filter(([, isDigit]) => isDigit).map(([n]) => n);
    const sure = mean(chosen.map((n) => Math.max(...outputs[n])));
    return chosen.length === 1 || sure > SURE ? chosen.map((n) => ({ ...digits[n], line })) : [];
  });
}
