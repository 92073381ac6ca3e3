/* The latent explorer: sliders for a code, and what a trained decoder makes of it.
 *
 * A page holds, made by markup.py: <div class="explorer" data-explorer="NAME">, its data in
 * <script type="application/json" id="explorer-NAME">, and the reference images, by the name that
 * these data give, in <script type="application/json" id="explorer-images">. Nothing is fetched.
 *
 * For other scripts, once the promise window.disbench.ready is kept,
 * window.disbench.explorers[NAME] has
 *   code()         the code that is shown, an array of numbers
 *   decode(code)   probabilities, Float32Array(64 * 64) or, in colour, three times as many
 *   nearest(code)  the index of the reference image whose code is nearest
 *   set(code)      shows a code, at the next frame
 *   redraw()       shows the present code at once
 */
"use strict";

(() => {
  const { codesOf, decoderOf, imagesOf } = window.disbench;
  const WIDTH = 64;
  const N_STEPS = 100; // of a slider

  const dataOf = (name) => JSON.parse(document.getElementById(`explorer-${name}`).textContent);

  /* What is seen. */

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const button = (text, onclick) => {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", onclick);
    return made;
  };

  const picture = (name) => {
    const size = { width: WIDTH, height: WIDTH };
    const canvas = element("canvas", { ...size, role: "img", "aria-label": name });
    const caption = element("figcaption", {}, name);
    const context = canvas.getContext("2d", { willReadFrequently: true }); // no work for a GPU
    const show = (probabilities, words) => {
      const image = new ImageData(WIDTH, WIDTH);
      const area = WIDTH * WIDTH;
      for (let i = 0; i < area; i++) {
        for (let c = 0; c < 3; c++) {
          const p = probabilities[(c * area + i) % probabilities.length]; // grey is all three
          image.data[4 * i + c] = Math.round(255 * p);
        }
        image.data[4 * i + 3] = 255; // opaque
      }
      context.putImageData(image, 0, 0);
      caption.textContent = words;
    };
    return { figure: element("figure", {}, canvas, caption), show };
  };

  const slider = (id, label, [low, high], onmove) => {
    const step = (high - low) / N_STEPS;
    const input = element("input", { type: "range", id, min: low, max: high, step });
    const output = element("output", { for: id });
    input.addEventListener("input", () => onmove(Number(input.value)));
    const show = (value) => {
      const text = value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace("-", "\u2212");
      if (Number(input.value) !== value) input.value = value; // beyond its ends it stays at one
      input.setAttribute("aria-valuetext", text);
      output.textContent = text;
    };
    const name = element("label", { for: id }, label);
    return { row: element("div", { class: "explorer-row" }, name, input, output), show };
  };

  // Box & Muller 1958; 1 - random() is never 0, whose logarithm is not finite.
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

  const explorerOf = (name, container, data, images) => {
    const decode = decoderOf(data);
    const { codeOf, nearest } = codesOf(data);
    const [decoded, closest] = [picture("decoded"), picture("nearest image")];
    const count = images.n.toLocaleString("en");
    let code = data.start;
    let pending = false;

    const redraw = () => {
      pending = false;
      const index = nearest(code);
      decoded.show(decode(code), "decoded");
      closest.show(images.pixels(index), `nearest of ${count} images: ${images.words(index)}`);
    };
    // However many events there are, a frame draws once.
    const set = (next) => {
      code = Array.from(next);
      code.forEach((value, d) => sliders[d].show(value));
      if (!pending) requestAnimationFrame(redraw);
      pending = true;
    };
    const sliders = data.labels.map((label, d) =>
      slider(`explorer-${name}-z${d}`, label, data.ranges[d], (value) =>
        set(code.map((old, e) => (e === d ? value : old)))));
    const buttons = [
      button("an image of the data", () => set(codeOf(Math.floor(Math.random() * images.n)))),
      ...(data.prior ? [button("a sample of the prior", () => set(code.map(normal)))] : []),
      button("reset", () => set(data.start)),
    ];

    container.setAttribute("role", "group");
    container.setAttribute("aria-label", data.label);
    container.replaceChildren(
      element("div", { class: "explorer-pictures" }, decoded.figure, closest.figure),
      element("div", { class: "explorer-code" },
        ...data.order.map((d) => sliders[d].row),
        element("div", { class: "explorer-buttons" }, ...buttons)),
    );
    set(data.start);
    return { code: () => code, decode, nearest, set, redraw };
  };

  /* The page. */

  const explorers = {};

  const start = async () => {
    const containers = [...document.querySelectorAll("[data-explorer]")];
    const known = {}; // the promises of images, by name
    for (const container of containers) {
      const name = container.dataset.explorer;
      try {
        const data = dataOf(name);
        known[data.images] ??= imagesOf(dataOf(data.images));
        explorers[name] = explorerOf(name, container, data, await known[data.images]);
      } catch (error) {
        const sentence = "This explorer cannot run here, maybe for the age of the browser: ";
        container.replaceChildren(element("p", {}, `${sentence}${error.message}.`));
      }
    }
  };

  const loaded = new Promise((resolve) => {
    if (document.readyState !== "loading") resolve();
    document.addEventListener("DOMContentLoaded", resolve);
  });
  window.disbench = { ...window.disbench, explorers, ready: loaded.then(start) };
})();
