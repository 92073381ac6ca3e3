/* What an explorer computes: a decoder, the reference images, the nearest code. No page needed.
 *
 * explorer.js, which comes after it in a page, shows the results. window.disbench gets
 *   halvesOf(base64)   little-endian half-precision numbers, as a Float32Array
 *   decoderOf(data)    the decoder of an explorer: a code to probabilities, Float32Array(64 * 64)
 *                      or three times as many, a channel after the other
 *   codesOf(data)      {codeOf(index), nearest(code)} of the codes of the reference images
 *   imagesOf(data)     a promise of the reference images: {n, pixels(index), words(index)}
 */
"use strict";

(() => {
  const N_PIXELS = 64 * 64;
  const N_LEVELS = 256; // of a quantised code

  /* Data: base64, half precision, deflated bits. */

  const bytesOf = (base64) => {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  };

  // IEEE 754: a sign, 5 bits of exponent with a bias of 15, 10 bits of fraction.
  const half = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24; // subnormals and both zeros
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  };

  // Byte by byte: a Uint16Array would have the byte order of the machine.
  const halvesOf = (base64) => {
    const bytes = bytesOf(base64);
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) =>
      half(bytes[2 * i] | (bytes[2 * i + 1] << 8)),
    );
  };

  const inflated = async (base64) => {
    const deflated = new Blob([bytesOf(base64)]).stream();
    const stream = deflated.pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  /* The decoder. A signal is {values, channels, height, width}; sums are kept in doubles. */

  const linear = (weight, bias, { values }) => {
    const sums = Float64Array.from(bias);
    for (let o = 0, w = 0; o < sums.length; o++) {
      let sum = sums[o];
      for (let i = 0; i < values.length; i++, w++) sum += weight[w] * values[i];
      sums[o] = sum;
    }
    return { values: sums };
  };

  // The channels with a frame of zeros around each, which stands in for the bounds below.
  const framed = ({ values, channels, height, width }) => {
    const stride = width + 2;
    const area = (height + 2) * stride;
    const padded = new Float64Array(channels * area);
    for (let row = 0; row < channels * height; row++) {
      const channel = Math.floor(row / height);
      const start = channel * area + ((row % height) + 1) * stride + 1;
      padded.set(values.subarray(row * width, (row + 1) * width), start);
    }
    return { padded, stride, area };
  };

  // Adds what one input channel gives to one output channel. With kernel 4, stride 2 and padding 1
  // each output pixel gathers four inputs: an even row y = 2 m has kernel row 1 on input row m and
  // 3 on m - 1, an odd one kernel row 2 on m and 0 on m + 1; columns likewise.
  const gather = (out, at, padded, from, stride, weight, w, height, width) => {
    const k00 = weight[w], k01 = weight[w + 1], k02 = weight[w + 2], k03 = weight[w + 3];
    const k10 = weight[w + 4], k11 = weight[w + 5], k12 = weight[w + 6], k13 = weight[w + 7];
    const k20 = weight[w + 8], k21 = weight[w + 9], k22 = weight[w + 10], k23 = weight[w + 11];
    const k30 = weight[w + 12], k31 = weight[w + 13], k32 = weight[w + 14], k33 = weight[w + 15];
    for (let m = 0; m < height; m++) {
      let above = from + m * stride; // input rows m - 1, m and m + 1 of the framed channel
      let level = above + stride;
      let below = level + stride;
      let even = at + 4 * m * width; // output rows 2 m and 2 m + 1
      let odd = even + 2 * width;
      let a0 = padded[above], a1 = padded[above + 1];
      let l0 = padded[level], l1 = padded[level + 1];
      let b0 = padded[below], b1 = padded[below + 1];
      for (let n = 0; n < width; n++, even += 2, odd += 2) {
        const a2 = padded[++above + 1];
        const l2 = padded[++level + 1];
        const b2 = padded[++below + 1];
        out[even] += k11 * l1 + k13 * l0 + k31 * a1 + k33 * a0;
        out[even + 1] += k12 * l1 + k10 * l2 + k32 * a1 + k30 * a2;
        out[odd] += k21 * l1 + k23 * l0 + k01 * b1 + k03 * b0;
        out[odd + 1] += k22 * l1 + k20 * l2 + k02 * b1 + k00 * b2;
        a0 = a1; a1 = a2;
        l0 = l1; l1 = l2;
        b0 = b1; b1 = b2;
      }
    }
  };

  const convTranspose = (weight, bias, signal) => {
    const { channels, height, width } = signal;
    const { padded, stride, area } = framed(signal);
    const outArea = 4 * height * width;
    const values = new Float64Array(bias.length * outArea);
    for (let o = 0; o < bias.length; o++) {
      values.fill(bias[o], o * outArea, (o + 1) * outArea);
      for (let i = 0; i < channels; i++) {
        const w = 16 * (i * bias.length + o); // of weights (inputs, outputs, 4, 4)
        gather(values, o * outArea, padded, i * area, stride, weight, w, height, width);
      }
    }
    return { values, channels: bias.length, height: 2 * height, width: 2 * width };
  };

  const pointwise = (apply) => () => (signal) => ({ ...signal, values: signal.values.map(apply) });

  // From the kind of a layer to what builds it: `take(n)` gives the next n weights.
  const LAYERS = {
    relu: pointwise((value) => Math.max(value, 0)),
    tanh: pointwise(Math.tanh),
    unflatten: ({ shape: [channels, height, width] }) =>
      ({ values }) => ({ values, channels, height, width }),
    linear: ({ inputs, outputs }, take) => {
      const weight = take(inputs * outputs);
      const bias = take(outputs);
      return (signal) => linear(weight, bias, signal);
    },
    conv_transpose: ({ inputs, outputs }, take) => {
      const weight = take(inputs * outputs * 16);
      const bias = take(outputs);
      return (signal) => convTranspose(weight, bias, signal);
    },
  };

  const decoderOf = ({ layers, weights }) => {
    const all = halvesOf(weights);
    let taken = 0;
    const take = (n) => all.subarray(taken, (taken += n));
    const run = layers.map((layer) => {
      if (!(layer.kind in LAYERS)) throw new Error(`there is no layer ${layer.kind}`);
      return LAYERS[layer.kind](layer, take);
    });
    return (code) => {
      const input = { values: Float64Array.from(code) };
      const logits = run.reduce((signal, layer) => layer(signal), input).values;
      return Float32Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
    };
  };

  /* The reference images and their codes. */

  // From the bits of a value to what reads the one at a place; bits are in the order of np.packbits.
  const VALUES = {
    1: (bytes) => (place) => (bytes[place >> 3] >> (7 - (place & 7))) & 1,
    8: (bytes) => (place) => bytes[place] / 255,
  };

  const imagesOf = async ({ n, channels, bits, factors, packed }) => {
    const valueAt = VALUES[bits](await inflated(packed));
    const length = channels * N_PIXELS;
    return {
      n,
      pixels: (index) => Float32Array.from({ length }, (_, p) => valueAt(index * length + p)),
      // The last factor turns fastest.
      words: (index) => {
        let rest = index;
        const words = [...factors].reverse().map((values) => {
          const word = values[rest % values.length];
          rest = Math.floor(rest / values.length);
          return word;
        });
        return words.reverse().join(", ");
      },
    };
  };

  const codesOf = ({ codes: { levels, low, high }, latents }) => {
    const all = bytesOf(levels);
    const value = (d, level) => low[d] + level * ((high[d] - low[d]) / (N_LEVELS - 1));
    const codeOf = (index) => {
      const own = all.subarray(index * latents, (index + 1) * latents);
      return Array.from(own, (level, d) => value(d, level));
    };
    const nearest = (code) => {
      // A level has one distance from the code: 256 squares a dimension, and the rest are sums.
      const squares = new Float64Array(latents * N_LEVELS);
      for (let s = 0; s < squares.length; s++) {
        const d = Math.floor(s / N_LEVELS);
        squares[s] = (value(d, s % N_LEVELS) - code[d]) ** 2;
      }
      let best = 0;
      let least = Infinity;
      for (let start = 0; start < all.length; start += latents) {
        let sum = 0;
        for (let d = 0; d < latents; d++) sum += squares[d * N_LEVELS + all[start + d]];
        if (sum < least) [best, least] = [start / latents, sum];
      }
      return best;
    };
    return { codeOf, nearest };
  };

  window.disbench = { ...window.disbench, halvesOf, decoderOf, codesOf, imagesOf };
})();
