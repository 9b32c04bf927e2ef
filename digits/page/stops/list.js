// All stops by name, in the order of the tour. A new stop is a file in this folder, a line and its name here, and an
// article in page.html.

import { backpropagation } from "./backpropagation.js";
import { bias } from "./bias.js";
import { cost } from "./cost.js";
import { descent } from "./descent.js";
import { layers } from "./layers.js";
import { nonsense } from "./nonsense.js";
import { overfitting } from "./overfitting.js";
import { pixels } from "./pixels.js";
import { sigmoid } from "./sigmoid.js";
import { weights } from "./weights.js";

/** @type {Record<string, Stop>} */
export const STOPS = { pixels, weights, bias, sigmoid, layers, cost, descent, backpropagation, overfitting, nonsense };
