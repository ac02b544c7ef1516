// One candidate as a row of the grid: what it did, who lives there, what is suggested, what stands.

const WORDS = { approve: "Approve", reject: "Reject", look: "Look closer" };
const DONE = { approve: "Approved", reject: "Rejected" };

function renderRow(table, row, place) {
  const active = place === table.view.active;
  const verdict = table.store.verdict(row.network);
  const element = h(
    "tr",
    {
      role: "row",
      class: `mf-row ${verdict ? `mf-is-${verdict}` : ""}`,
      tabindex: active ? 0 : -1,
      "aria-rowindex": place + 2,
      "aria-selected": active ? "true" : "false",
      "data-network": row.network,
    },
    h("th", { role: "rowheader", scope: "row", class: "mf-network" }, networkCell(row)),
    h("td", { role: "gridcell", class: "mf-did" }, didCell(table, row)),
    h("td", { role: "gridcell", class: "mf-who" }, whoCell(row)),
    h("td", { role: "gridcell", class: "mf-why" }, whyCell(row)),
    h("td", { role: "gridcell", class: "mf-decision" }, decisionCell(table, row, active)),
  );
  element.addEventListener("click", (event) => {
    if (!event.target.closest("button")) table.activate(place, { focus: true });
  });
  return element;
}

/** Make a row that is drawn the active one, or no longer. */
function markRow(line, active) {
  line.setAttribute("tabindex", active ? 0 : -1);
  line.setAttribute("aria-selected", active ? "true" : "false");
  for (const one of line.querySelectorAll("button")) one.setAttribute("tabindex", active ? 0 : -1);
}

/** Draw what stands about a row anew. */
function redrawDecision(table, row, line) {
  for (const verdict of Object.keys(DONE)) line.classList.toggle(`mf-is-${verdict}`, verdict === table.store.verdict(row.network));
  const active = line.getAttribute("aria-selected") === "true";
  const parts = decisionCell(table, row, active).filter(Boolean);
  line.querySelector(".mf-decision").replaceChildren(...parts);
}

function networkCell(row) {
  return [
    h("code", { class: "mf-name" }, row.network),
    h("span", { class: "mf-small" }, addresses(row), row.country ? ` · ${row.country}` : ""),
    row.already ? h("span", { class: "mf-badge" }, "already has a rule: ", quoted(row.already)) : null,
  ];
}

function didCell(table, row) {
  const facts = [
    count(row.auth_failed, "failed login"),
    count(row.attackers, "attacking address", "attacking addresses"),
  ];
  if (row.usernames) facts.push(count(row.usernames, "account") + " tried");
  if (row.firewall_blocked) facts.push(`${count(row.firewall_blocked, "packet")} blocked already`);
  return [
    h("span", {}, facts.join(" · ")),
    sparkline(row),
    h("span", { class: "mf-small" }, `${day(row.first_seen)} – ${day(row.last_seen)}`),
  ];
}

/** Attack events over the whole time of the log; without events, a bar from first to last seen. */
function sparkline(row) {
  const width = 120;
  const height = 18;
  const label = `Seen from ${day(row.first_seen)} to ${day(row.last_seen)}, UTC`;
  const picture = h("svg", {
    class: "mf-spark",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": label,
  });
  picture.append(h("line", { x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5 }));
  const most = Math.max(1, ...row.bars);
  const step = width / Math.max(1, row.bars.length);
  row.bars.forEach((number, place) => {
    if (!number) return;
    const tall = Math.max(2, ((height - 2) * number) / most);
    picture.append(h("rect", { x: place * step, y: height - tall, width: step - 1, height: tall }));
  });
  if (!row.bars.some(Boolean) && row.from !== null) {
    const wide = Math.max(2, (row.to - row.from) * width);
    picture.append(h("rect", { x: Math.min(row.from * width, width - 2), y: 6, width: wide, height: 8 }));
  }
  return picture;
}

function whoCell(row) {
  const nobody = !row.collateral || row.collateral === "none seen";
  const text = nobody ? "none seen" : row.collateral;
  return [
    h("span", { class: `mf-clamp ${nobody ? "mf-quiet" : "mf-warn"}` }, nobody ? "" : "⚠ ", quoted(text)),
    row.forbidden ? h("span", { class: "mf-badge mf-stop" }, "cannot be banned: ", quoted(row.forbidden)) : null,
  ];
}

function whyCell(row) {
  return [
    h("span", { class: `mf-chip mf-${row.suggestion}` }, WORDS[row.suggestion] || row.suggestion),
    h("span", { class: "mf-clamp" }, quoted(row.reasons)),
  ];
}

function decisionCell(table, row, active) {
  const entry = table.store.entries.get(row.network);
  const note = table.store.notes.get(row.network);
  const verdict = table.store.verdict(row.network);
  return [
    verdict ? standingLine(verdict, entry) : null,
    entry?.over && entry.verdict === "approve"
      ? h("span", { class: "mf-small" }, `Ban ran out on ${entry.until}.`)
      : null,
    entry?.stale && verdict
      ? h("span", { class: "mf-badge" }, "evidence changed since then")
      : null,
    note ? h("span", { class: `mf-note mf-${note.state}` }, note.text) : null,
    h("span", { class: "mf-buttons" }, rowButtons(table, row, verdict, active)),
  ];
}

function standingLine(verdict, entry) {
  const until = verdict === "approve" ? (entry.until ? ` until ${entry.until}` : " for good") : "";
  return h(
    "span",
    { class: `mf-standing mf-${verdict}` },
    `${verdict === "approve" ? "✔" : "✘"} ${DONE[verdict]}${until}`,
    h("span", { class: "mf-small" }, "by ", quoted(entry.reviewer), `, ${entry.time}`),
  );
}

function rowButtons(table, row, verdict, active) {
  const stop = active ? 0 : -1; // only the active row's buttons are tab stops
  const make = (text, act, more = {}) =>
    button(text, {
      tabindex: stop,
      "aria-label": `${text} ${row.network}`,
      onclick: () => table.act(act, row.network),
      ...more,
    });
  const opened = table.view.opened === row.network;
  return [
    verdict === "approve" || row.forbidden ? null : make("Approve", "approve", { class: "mf-yes" }),
    verdict === "reject" ? null : make("Reject", "reject", { class: "mf-no" }),
    verdict ? make("Undo", "undo") : null,
    make("Evidence", "evidence", { "aria-expanded": opened ? "true" : "false" }),
  ];
}
