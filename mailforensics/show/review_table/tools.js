// Everything around the grid: counts, filter, bulk decisions, banner, script preview, help.

const KEYS = [
  ["j k, ↓ ↑", "next, previous row"],
  ["a", "approve (a dangerous one asks for a reason first)"],
  ["r", "reject"],
  ["u", "undo"],
  ["e, Enter", "open or close the evidence"],
  ["w", "write a reason or choose how long the ban lasts; Enter approves with it, Esc then r rejects"],
  ["n", "next undecided row"],
  ["[ ]", "page back, page on"],
  ["Home End", "first, last row"],
  ["/", "filter"],
  ["p", "script preview"],
  ["g", "read the journal again (others may have decided)"],
  ["Esc", "back to the rows"],
  ["?", "this help"],
];

function renderTools(table) {
  const { view } = table;
  const search = h("input", {
    type: "search",
    class: "mf-search",
    "aria-label": "Filter the rows by network, address, reason or country",
    placeholder: "Filter: network, address, reason, country   ( / )",
    oninput: () => table.look({ text: search.value }),
  });
  const suggested = [["", "any suggestion"], ["approve", "suggested: approve"], ["look", "suggested: look"], ["reject", "suggested: reject"]];
  const name = h("input", {
    type: "text",
    class: "mf-reviewer",
    maxlength: 60,
    "aria-label": "Your name, as it is recorded",
    value: table.store.reviewer,
    onchange: () => {
      table.store.rename(name.value.trim() || table.store.reviewer);
      name.value = table.store.reviewer;
    },
  });
  return h(
    "div",
    { class: "mf-tools" },
    h(
      "div",
      { class: "mf-line" },
      h("div", { class: "mf-line mf-counts", role: "group", "aria-label": "Show rows by what was decided" }),
      button("Script preview", { title: "key p", onclick: () => table.togglePreview() }),
      button("Refresh", { title: "key g", onclick: () => table.refresh() }),
      button("Keys ?", { onclick: () => table.toggleHelp() }),
    ),
    h(
      "div",
      { class: "mf-line" },
      search,
      select("Show one suggestion only", suggested, view.suggestion, (value) => table.look({ suggestion: value })),
      select("Order of the rows", ORDERS, view.order, (value) => table.look({ order: value })),
      button("Next undecided", { title: "key n", onclick: () => table.nextUndecided() }),
    ),
    h(
      "div",
      { class: "mf-line" },
      h("label", {}, "You are ", name),
      h("span", {}, "New bans last ", untilChoice("New bans last", table.defaults, () => table.paneChanged(view.opened))),
      button("Approve all shown …", { onclick: () => table.askBulk("approve") }),
      button("Reject all shown …", { onclick: () => table.askBulk("reject") }),
    ),
  );
}

function fillCounts(table, box) {
  const counts = table.store.counts();
  const total = table.store.rows.length;
  const choices = [
    ["all", `All ${whole(total)}`],
    ["", `Undecided ${whole(counts[""])}`],
    ["approve", `Approved ${whole(counts.approve)}`],
    ["reject", `Rejected ${whole(counts.reject)}`],
  ];
  const focused = box.contains(document.activeElement) && document.activeElement.dataset.standing;
  box.replaceChildren(
    ...choices.map(([key, text]) =>
      button(text, {
        class: "mf-count",
        "data-standing": key,
        "aria-pressed": table.view.standing === key ? "true" : "false",
        onclick: () => table.look({ standing: key }),
      }),
    ),
    h("progress", { max: Math.max(1, total), value: total - counts[""], "aria-label": "Decided so far" }),
  );
  if (focused !== false) box.querySelector(`[data-standing="${focused}"]`)?.focus();
}

/** A bulk decision is counted and shown before it is taken: this is the second click. */
function renderBulk(table, verdict, found) {
  const draft = { reason: "", until: table.defaults.until };
  const number = found.networks.length;
  const reason = h("input", {
    type: "text",
    class: "mf-reason",
    maxlength: 2000,
    "aria-label": `Reason for the decision on ${number} networks`,
    placeholder: "Reason (optional)",
    oninput: () => {
      draft.reason = reason.value;
    },
  });
  const left = found.left
    ? `${count(found.left, "row")} of this filter ${found.left === 1 ? "is" : "are"} left out: protected, or dangerous and to be looked at singly. `
    : "";
  return h(
    "div",
    { class: "mf-box", role: "group", "aria-label": `${WORDS[verdict]} many rows` },
    h("strong", {}, `${WORDS[verdict]} ${count(number, "undecided network")} of this filter? `),
    h("span", {}, left),
    number ? reason : null,
    number && verdict === "approve" ? untilChoice("These bans last", draft) : null,
    number
      ? button(`${WORDS[verdict]} ${whole(number)} now`, {
          class: verdict === "approve" ? "mf-yes" : "mf-no",
          onclick: () => table.decideMany(verdict, found.networks, draft),
        })
      : null,
    button("Cancel", { onclick: () => table.closeBulk() }),
  );
}

function renderBanner(table, text) {
  return h(
    "div",
    { class: "mf-box mf-alarm" },
    h("strong", {}, `${count(table.store.unsaved(), "decision")} NOT SAVED. `),
    h("span", {}, text, " "),
    table.store.pending.size ? button("Try again", { onclick: () => table.store.retry() }) : null,
    button("Dismiss", { onclick: () => table.store.forget() }),
  );
}

function renderPreview(preview) {
  return h(
    "section",
    { class: "mf-box", "aria-label": "Script preview" },
    h("h4", {}, preview ? preview.title : "Script preview: loading …"),
    preview ? h("pre", { tabindex: 0, "aria-label": "Text of the script" }, preview.text) : null,
  );
}

function renderHelp() {
  return h(
    "section",
    { class: "mf-box", "aria-label": "Keys" },
    h("h4", {}, "Keys"),
    h("dl", { class: "mf-keys" }, KEYS.map(([key, text]) => h("div", {}, h("dt", {}, key), h("dd", {}, text)))),
    h("p", { class: "mf-small" }, "A decision counts when its row says so: it is on disk by then."),
  );
}

function renderPager(table) {
  const { view } = table;
  const page = view.page();
  return [
    button("‹ Previous page", { disabled: page === 0, onclick: () => table.turn(-1) }),
    h("span", {}, `Page ${page + 1} of ${view.pages()} · ${count(view.rows.length, "row")} shown of ${whole(table.store.rows.length)}`),
    button("Next page ›", { disabled: page + 1 >= view.pages(), onclick: () => table.turn(1) }),
  ];
}
