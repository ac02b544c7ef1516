// Elements without HTML: every text goes through textContent, so log text stays inert.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "rect", "line"]);

/** Make an element: h("button", {class: "x", "aria-label": "…", onclick: f}, "text", child…). */
function h(tag, properties, ...children) {
  const element = SVG_TAGS.has(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Text from a log or a person, kept apart from its surroundings whatever its direction. */
const quoted = (text, className) => h("bdi", { class: className, dir: "auto" }, text);

const whole = (number) => Number(number || 0).toLocaleString("en-US");
const count = (number, one, many = `${one}s`) => `${whole(number)} ${number === 1 ? one : many}`;

/** "2026-09-04T16:59:45Z" → "4 Sep 2026"; the log's days are UTC days. */
function day(iso) {
  if (!iso) return "unknown";
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  const names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  return `${date} ${names[month - 1]} ${year}`;
}

/** How many addresses a network holds, in words. */
function addresses(row) {
  if (row.family === 4) return count(2 ** (32 - row.size), "address", "addresses");
  return row.size <= 64 ? count(2 ** (64 - row.size), "IPv6 LAN (/64)", "IPv6 LANs (/64)") : "part of one /64";
}

/** A button that says in words what it does, and its key. */
function button(text, properties) {
  return h("button", { type: "button", ...properties }, text);
}

/** A choice: options are [value, text] pairs. */
function select(label, options, value, onchange) {
  const box = h("select", { "aria-label": label, onchange: () => onchange(box.value) });
  for (const [key, text] of options) box.append(h("option", { value: key }, text));
  box.value = value;
  return box;
}
