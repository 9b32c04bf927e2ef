// The figure of the stop on backpropagation: neurons, wires with pulses, numbers, and the cost.

import { slopeAt } from "../../network/feedforward.js";
import { wantsStill } from "../../shell/elements.js";
import { relative, toneOf } from "../../shell/layers.js";
import { circle, disc, neuronPlaces, number, pixelImage, rect, signed, text } from "../figure.js";
import { BLAME, ERRORS, flow, GUESS, messagesTo, PHASES, RATE, STEP, sumOf, WEIGHTS } from "./pass.js";

const PULSE = 1300; // milliseconds of a pulse, as in style.css
const [PULSES, WIRES] = [100, 160]; // at most, the strongest
/** @typedef {import("./pass.js").Pass} Pass */

/** Where its parts are: from the left, the digit, the hidden neurons in two columns, the outputs, and their numbers.
 * @type {(size: Size) => any} */
function placesOf({ width, height }) {
  const isWide = width > 520;
  const [top, bottom] = [58, height - 34];
  const side = isWide ? Math.min(150, (bottom - top - 60) / 2) : 72;
  const [across, end] = [width * (isWide ? 0.42 : 0.36), width * (isWide ? 0.6 : 0.5)];
  const column = (n, x) => neuronPlaces({ left: x, top, right: x, bottom }, [n])[0];
  const hidden = column(30, across).map(([x, y], j) => [x + (j % 2 ? 11 : -11), y]);
  return { width, height, isWide, top, bottom, side, across, end, hidden, output: column(10, end) };
}

/** @type {(pass: Pass, size: Size) => string} */
export function figureOf(pass, size) {
  const places = placesOf(size);
  const { phase, image, blame, neuron, isHidden } = pass;
  const { top, bottom, side, across, hidden, output, isWide } = places;
  const isForward = phase === GUESS || phase === STEP;
  const names = [
    ...hidden.map((place, j) => [place, `hidden ${j}`]),
    ...output.map((place, k) => [place, `output ${k}`]),
  ];
  const targets = names.map(([[x, y], name]) => circle(x, y, 12, "near", `data-neuron="${name}"`)); // larger than the discs
  const sum = text(
    across - 24,
    hidden[neuron][1] + 5,
    `sum ${signed(sumOf(messagesTo(pass, neuron)), 2)}`,
    "end",
    "strong",
  );
  const change = image.map((a) => -a * Math.sign(blame[neuron]));
  const changes = `${text(0, bottom - side - 23, isWide ? `Changes of neuron ${neuron}:` : "Changes", "start", "strong")}
    ${text(0, bottom - side - 8, isWide ? "red up, blue down" : "", "start")}
    ${pixelImage({ left: 0, top: bottom - side, side }, change)}`;
  return `${headings(places)} ${wiresOf(pass, places)}
    ${text(side / 2, top + 12, "Your digit")} ${pixelImage({ left: 0, top: top + 22, side }, image, "foreground")}
    ${phase === WEIGHTS ? changes : legend(isForward, bottom)} ${targets.join("")}
    ${discsOf(pass, places)} ${numbersOf(pass, places)}
    ${phase === BLAME && isHidden && isWide ? sum : ""} ${costBar(pass, places)}`;
}

/** The names of the phases in a row; each can be clicked. */
const headings = ({ width, isWide }) =>
  PHASES.map((name, n) => {
    const share = width / PHASES.length;
    const kind = n === flow.phase ? "phase strong" : "phase";
    return `<path d="M${share * n + 3} 25H${share * (n + 1) - 3}" class="${n <= flow.phase ? "curve" : ""}"
      opacity="${n === flow.phase ? 1 : 0.4}"/>
      <g data-neuron="phase ${n}">${text(share * (n + 0.5), 16, isWide ? `${n + 1}  ${name}` : name, "middle", kind)}</g>`;
  }).join("");

/** The discs of all neurons. In forward phases they light up when pulses arrive; in others they take the colours of what
 * they want: red to rise, blue to fall. @type {(pass: Pass, places: any) => string} */
function discsOf({ phase, kind, j, hidden, outputs, hiddenAfter, outputsAfter, blame, y }, places) {
  const isForward = phase === GUESS || phase === STEP;
  const wishes = y.map((wish, k) => wish - outputs[k]);
  const shades = relative(blame.map((value) => -value));
  const layer = (layerName, radius, before, after, wanted, isWanted, arrival) =>
    places[layerName].map((place, n) => {
      const options = { name: `${layerName} ${n}`, chosen: kind === layerName && j === n };
      const activations = phase === STEP ? after : before;
      const active = (style = "") => disc(place, radius, activations[n], { ...options, style });
      if (isForward) return disc(place, radius, 0) + active(lit(arrival));
      if (!isWanted) return active();
      const isNew = phase === (layerName === "hidden" ? BLAME : ERRORS);
      const style = isNew ? lit(arrival) : "";
      return active() + disc(place, radius, wanted[n], { ...options, tone: toneOf(wanted[n]), style });
    });
  return [
    ...layer("hidden", 7, hidden, hiddenAfter, shades, phase >= BLAME, PULSE),
    ...layer("output", 9, outputs, outputsAfter, wishes, true, isForward ? 2 * PULSE : 300),
  ].join("");
}

/** The style of what appears when pulses arrive, so many milliseconds after the phase began. @param {number} arrival */
function lit(arrival) {
  const delay = arrival + flow.since - performance.now();
  return delay < -1000 || wantsStill() ? "" : `animation: lit 0.4s backwards; animation-delay: ${delay}ms`;
}

/** First activations run forward, then blame runs back, then weights change. @type {(pass: Pass, places: any) => string} */
function wiresOf({ phase, weights, hidden, hiddenAfter, deltas, blame, neuron, isHidden, j }, places) {
  const { top, bottom, side } = places;
  const isForward = phase === GUESS || phase === STEP;
  const isBack = phase === BLAME;
  const activations = phase === STEP ? hiddenAfter : hidden;
  const pairs = places.hidden.flatMap((_, h) => places.output.map((_, k) => [h, k]));
  const values = relative(
    Float32Array.from(pairs, ([h, k]) => {
      if (isForward) return activations[h] * weights[30 * k + h];
      return -deltas[k] * (phase === BLAME ? weights[30 * k + h] : hidden[h]);
    }),
  );
  const between = pairs.map(([h, k], n) => {
    const ends = [places.hidden[h], places.output[k]];
    const isQuiet = phase >= BLAME && phase <= WEIGHTS && (isHidden ? h : k) !== j;
    const value = phase === ERRORS ? 0.1 : values[n];
    return { from: ends[Number(isBack)], to: ends[Number(!isBack)], value, strength: isQuiet ? 0.08 : 1 };
  });
  const tone = isForward || phase === ERRORS ? "foreground" : "";
  const from = ([, y]) => [side + 4, top + 22 + (side * (y - top)) / (bottom - top)];
  const fromPixels = places.hidden.map((to, h) => ({ from: from(to), to, value: activations[h] }));
  const fromChanges = [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    from: [side + 4, bottom - side + side * part],
    to: places.hidden[neuron],
    value: -0.4 * Math.sign(blame[neuron]),
  }));
  return [
    isForward ? wires(fromPixels, "foreground", 0, 1) : "",
    phase === WEIGHTS ? wires(fromChanges, "", 0, 0) : "",
    wires(between, tone, isForward ? PULSE : 0, [1, 0, 3, 0, 1][phase]),
  ].join("");
}

/** Wires from place to place, thicker for larger values, and pulses that run along the strongest: `times` from `delay` on.
 * Without a tone, positive values are red and negative ones blue.
 * @type {(all: { from: number[]; to: number[]; value: number; strength?: number }[], tone: string, delay: number, times: number) => string} */
function wires(all, tone, delay, times) {
  const size = ({ value, strength = 1 }) => Math.abs(value * strength);
  const order = all.toSorted((p, q) => size(q) - size(p));
  const elapsed = performance.now() - flow.since;
  const lines = order.slice(0, WIRES).map(({ from, to, value, strength = 1 }) => {
    const opacity = strength * (tone ? 0.1 : 0.1 + 0.8 * Math.abs(value));
    return `<path d="M${from}L${to}" data-style="stroke: var(--${tone || toneOf(value)})"
      stroke-width="${0.5 + 3.5 * Math.abs(value)}" stroke-opacity="${opacity}"/>`;
  });
  if (!times || wantsStill() || elapsed > delay + times * PULSE + 400) return lines.join("");
  const pulses = order.slice(0, PULSES).map(({ from: [x, y], to, value }, n) => {
    const style = `fill: var(--${tone || toneOf(value)}); --across: ${to[0] - x}px; --down: ${to[1] - y}px;
      animation-delay: ${delay - elapsed + 60 * (n % 7)}ms; animation-iteration-count: ${times}`;
    return circle(x, y, 1.5 + 3 * Math.abs(value), "pulse", `data-style="${style}"`);
  });
  return [...lines, ...pulses].join("");
}

/** What the colours mean. @type {(isForward: boolean, bottom: number) => string} */
function legend(isForward, bottom) {
  const tones = isForward ? ["foreground", "off"] : ["red", "blue"];
  const words = isForward ? ["active", "silent"] : ["should rise", "should fall"];
  const y = (n) => bottom - 34 + 26 * n;
  const dots = tones.map((tone, n) => circle(8, y(n), 7, "", `fill="var(--${tone})"`));
  return [...dots, ...words.map((word, n) => text(21, y(n) + 5, word, "start"))].join("");
}

/** The numbers of the outputs, in columns; some of them in the colours of rising and falling.
 * @type {(pass: Pass, places: any) => string} */
function numbersOf(pass, { output: places, width, isWide }) {
  const { digit } = pass;
  const left = places[0][0] + 30;
  const columns = columnsOf(pass, isWide).map(([title, values, digits, kind = ""], n, all) => {
    const x = left + ((width - left) * (n + 0.5)) / all.length;
    const lines = title.split("\n").toReversed();
    const heads = lines.map((line, up) => text(x, places[0][1] - 18 - 15 * up, line, "middle", "quiet"));
    const numbers = [...values].map((value, k) => {
      const words = (kind ? signed : number)(value, digits);
      return text(x, places[k][1] + 5, words, "middle", kind !== "toned" ? "" : value > 0 ? "rises" : "falls");
    });
    return [...heads, ...numbers].join("");
  });
  const names = places.map(([x, y], k) => text(x + 20, y + 5, k, "middle", k === digit ? "strong" : ""));
  return [...names, ...columns].join("");
}

/** Each column: its title, values, digits after the point, and whether they are signed, or also toned.
 * @type {(pass: Pass, isWide: boolean) => any[][]} */
function columnsOf(pass, isWide) {
  const { phase, isHidden, neuron, firing, y, hidden, outputs, outputsAfter, deltas, weights } = pass;
  const [digits, gap] = isWide ? [3, " "] : [2, "\n"];
  const wants = deltas.map((delta) => -delta);
  const from = phase === WEIGHTS && !isHidden ? firing : neuron; // the hidden neuron whose weights are shown
  const own = outputs.map((_, k) => weights[30 * k + from]);
  const changes = deltas.map((delta) => -RATE * delta * hidden[from]);
  const guess = [
    ["is", outputs, 2],
    ["should", y, 0],
  ];
  if (phase === GUESS) return guess;
  if (phase === STEP) return [["was", outputs, 2], ["is", outputsAfter, 2], guess[1]];
  if (phase === BLAME && isHidden) {
    const tells = `= tells\n${isWide ? "neuron" : "no."} ${neuron}`;
    const messages = messagesTo(pass, neuron);
    return [
      ["wants", wants, digits, "toned"],
      [`×${gap}weight`, own, digits, "signed"],
      [tells, messages, digits, "toned"],
    ];
  }
  if (phase === WEIGHTS) {
    const sums = own.map((weight, k) => Number(weight.toFixed(3)) + Number(changes[k].toFixed(3))); // as shown
    return [
      [`weight\nno. ${from}`, own, 3, "signed"],
      ["change", changes, 3, "toned"],
      [`=${gap}new`, sums, 3, "signed"],
    ];
  }
  const errors = y.map((wish, k) => wish - outputs[k]);
  const rest = [
    ["error", errors, 2, "toned"],
    [`×${gap}slope`, outputs.map(slopeAt), 2],
    [`=${gap}wants`, wants, digits, "toned"],
  ];
  return isWide ? [...guess, ...rest] : rest;
}

/** The cost, as a number and a bar; after the step, over the bar of before. @type {(pass: Pass, places: any) => string} */
function costBar({ phase, costs: [before, after] }, { end: left, width, height }) {
  const scale = (width - left) / Math.max(2, before);
  const bar = (cost, kind) => rect(left, height - 18, cost * scale, 14, kind, `rx="3"`);
  const isOver = phase === STEP;
  const words = isOver ? `Cost C ${number(before)} → ${number(after)}` : `Cost C = ${number(before)}`;
  return `${text(left - 12, height - 6, words, "end", "strong")}
    ${isOver ? bar(before, "bar before") + bar(after, "bar") : bar(before, "bar")}`;
}
