// Improves the pages, which work as plain forms without it.
// @ts-check

/** @param {string} selector @param {ParentNode} [root] @returns {HTMLElement[]} */
const all = (selector, root = document) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);

/** Shows one step or tab at a time. @param {HTMLFormElement} form */
function showOneStep(form) {
  const sections = all(".step", form);
  const isNew = form.dataset.steps === "steps";
  const tabs = document.createElement("div");
  tabs.className = "tabs";
  tabs.setAttribute("role", "tablist");
  const buttons = sections.map((section, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `tab-${number}`;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", section.id);
    const title = section.querySelector("h2")?.textContent ?? "";
    button.textContent = isNew ? `${number + 1}. ${title}` : title;
    section.setAttribute("role", "tabpanel");
    section.setAttribute("aria-labelledby", button.id);
    section.querySelector("h2")?.classList.add("hidden");
    button.addEventListener("click", () => select(number));
    button.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (move) {
        select((number + move + sections.length) % sections.length);
        buttons[(number + move + sections.length) % sections.length].focus();
      }
    });
    tabs.append(button);
    return button;
  });
  const [save] = all(".buttons .primary", form);
  const next = document.createElement("button");
  next.type = "button";
  next.textContent = "Next";
  next.className = "primary";
  save.before(next);
  let current = 0;
  next.addEventListener("click", () => {
    select(current + 1);
    buttons[current].focus();
  });

  /** @param {number} number */
  function select(number) {
    current = number;
    sections.forEach((section, at) => {
      section.hidden = at !== number;
      buttons[at].setAttribute("aria-selected", String(at === number));
      buttons[at].tabIndex = at === number ? 0 : -1;
    });
    next.hidden = !isNew || number === sections.length - 1;
    save.hidden = isNew && number !== sections.length - 1;
  }

  form.prepend(tabs);
  const wrong = sections.findIndex((section) => section.querySelector(".problem"));
  select(Math.max(0, wrong));
}

/** Shows one section at a time; the address names it. @param {HTMLElement} holder */
function showTabs(holder) {
  const sections = all(":scope > section", holder);
  const tabs = document.createElement("div");
  tabs.className = "tabs";
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", holder.dataset.tabs ?? "");
  const buttons = sections.map((section, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `tab-${section.id}`;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", section.id);
    const heading = section.querySelector("h2");
    button.textContent = heading?.textContent ?? "";
    heading?.classList.add("hidden");
    section.setAttribute("role", "tabpanel");
    section.setAttribute("aria-labelledby", button.id);
    section.tabIndex = 0;
    button.addEventListener("click", () => {
      history.replaceState(null, "", `#${section.id}`);
      select(number);
    });
    button.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (move) buttons[(number + move + sections.length) % sections.length].focus();
      if (move) buttons[(number + move + sections.length) % sections.length].click();
    });
    tabs.append(button);
    return button;
  });

  /** @param {number} number */
  function select(number) {
    sections.forEach((section, at) => {
      section.hidden = at !== number;
      buttons[at].setAttribute("aria-selected", String(at === number));
      buttons[at].tabIndex = at === number ? 0 : -1;
    });
  }

  function followAddress() {
    const target = document.getElementById(location.hash.slice(1));
    select(Math.max(0, sections.findIndex((section) => target && section.contains(target))));
    if (target && !sections.includes(target)) target.scrollIntoView();
  }

  holder.prepend(tabs);
  followAddress();
  window.addEventListener("hashchange", followAddress);
}

/** Shows the fields of the chosen package type only. @param {HTMLFormElement} form */
function followPackageType(form) {
  const choice = /** @type {HTMLSelectElement | null} */ (form.elements.namedItem("deploymentPackageType"));
  const show = () => {
    for (const field of all("[data-package-type]", form)) {
      field.hidden = field.dataset.packageType !== choice?.value;
    }
  };
  choice?.addEventListener("change", show);
  show();
}

/** Adds a row without asking the server. @param {HTMLElement} button */
function addRows(button) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const [rows] = all(`[data-rows="${button.dataset.add}"]`);
    const last = /** @type {HTMLElement} */ (rows.lastElementChild);
    const copy = /** @type {HTMLElement} */ (last.cloneNode(true));
    const number = rows.children.length;
    for (const input of /** @type {HTMLInputElement[]} */ (all("input, select", copy))) {
      input.name = input.name.replace(/\.\d+\./, `.${number}.`);
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    for (const problem of all(".problem", copy)) problem.remove();
    for (const preview of all("[data-preview]", copy)) preview.textContent = "";
    rows.append(copy);
    /** @type {HTMLElement | null} */ (copy.querySelector("input, select"))?.focus();
  });
}

const ANIMATED_MAX = 3; // rows at once: nobody follows more, and each one is painted again in every frame
const ROWS_MAX = 300; // of the activity: more than anybody reads, and the memory of the tab stays flat

/** Adds new chains at the top without moving what one reads, and changes rows in their place. @param {HTMLElement} body */
function followActivity(body) {
  const [state] = all("[data-live-state]");
  const [heldButton] = all("[data-held]");
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  for (const row of all("tr", body)) rows.set(row.dataset.number ?? "", row);
  /** @type {HTMLElement[]} Rows that arrived and wait for the next frame. */
  let arrived = [];
  /** @type {HTMLElement[]} New rows that wait until one has read what is on the screen. */
  let held = [];
  let isPlanned = false;

  /** Whether new rows would move what one reads. */
  const isReading = () => body.getBoundingClientRect().top < 0;

  /** @param {HTMLElement[]} added */
  function addRows(added) {
    const fragment = document.createDocumentFragment();
    for (const row of added.reverse()) {
      row.classList.toggle("new", added.length <= ANIMATED_MAX);
      rows.set(row.dataset.number ?? "", row);
      fragment.append(row);
    }
    body.prepend(fragment);
    while (body.children.length > ROWS_MAX) {
      const last = /** @type {HTMLElement} */ (body.lastElementChild);
      rows.delete(last.dataset.number ?? "");
      last.remove();
    }
  }

  function showHeld() {
    const added = held;
    held = [];
    heldButton.hidden = true;
    addRows(added);
  }

  function applyArrived() {
    isPlanned = false;
    /** @type {HTMLElement[]} */
    const added = [];
    for (const row of arrived) {
      const known = rows.get(row.dataset.number ?? "");
      const waiting = held.findIndex((one) => one.dataset.number === row.dataset.number);
      const twice = added.findIndex((one) => one.dataset.number === row.dataset.number);
      if (known) changeRow(known, row);
      else if (waiting >= 0) held[waiting] = row;
      else if (twice >= 0) added[twice] = row;
      else added.push(row);
    }
    arrived = [];
    if (added.length) for (const empty of all("[data-empty]")) empty.remove();
    if (added.length && (held.length || isReading())) {
      held = [...held, ...added].slice(-ROWS_MAX);
      heldButton.hidden = false;
      heldButton.textContent = `${held.length} new`;
    } else if (added.length) addRows(added);
  }

  function follow() {
    const source = new EventSource(`${body.dataset.live}?after=${body.dataset.newest}&revision=${body.dataset.revision}`);
    source.addEventListener("open", () => (state.textContent = "Live"));
    source.addEventListener("error", () => (state.textContent = "Not connected; trying again."));
    source.addEventListener("chain", (event) => {
      const holder = document.createElement("template");
      holder.innerHTML = event.data; // written by the server's template, which escapes every value
      arrived.push(/** @type {HTMLElement} */ (holder.content.firstElementChild));
      if (arrived.length > ROWS_MAX) arrived.shift();
      if (!isPlanned) (document.hidden ? setTimeout : requestAnimationFrame)(applyArrived);
      isPlanned = true;
    });
    window.addEventListener("pagehide", () => source.close());
  }

  // After the first paint: until then, the browser and the local BioT have enough to do.
  if (document.hidden) follow();
  else requestAnimationFrame(() => setTimeout(follow));
  heldButton.addEventListener("click", () => {
    window.scrollTo(0, 0);
    showHeld();
    all("th a", body)[0]?.focus({ preventScroll: true });
  });
  window.addEventListener("scroll", () => held.length && !isReading() && showHeld(), { passive: true });
}

/** Changes the cells that differ, but none that one uses. @param {HTMLElement} known @param {HTMLElement} row */
function changeRow(known, row) {
  const selected = document.getSelection();
  [...known.children].forEach((cell, at) => {
    const next = row.children[at];
    const isOpen = cell.querySelector("details")?.open ?? false;
    if (isOpen) next.querySelector("details")?.setAttribute("open", "");
    const isUsed = cell.contains(document.activeElement) || (selected && !selected.isCollapsed && selected.containsNode(cell, true));
    if (!isUsed && cell.innerHTML !== next.innerHTML) cell.replaceWith(next.cloneNode(true));
  });
  known.classList.toggle("failed", row.classList.contains("failed"));
}

/** @param {HTMLElement} button */
async function copyText(button) {
  await navigator.clipboard.writeText(button.dataset.copy ?? "");
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = before), 1500);
}

const menu = document.createElement("div"); // one for all rows: a hundred of them took longer than the list itself
menu.className = "menu";
menu.popover = "auto";
/** @type {Element | null} The link of the menu that a press of the mouse closes. */
let closedLink = null;

/** Shows the actions of a row beside their link, which leads to them without scripts. @param {HTMLAnchorElement} link */
async function showMenu(link) {
  const response = await fetch(`${link.href}?part`);
  if (!response.ok) return location.assign(link.href);
  menu.innerHTML = await response.text(); // escaped by the server
  link.after(menu); // so that Tab leads from the link into the menu
  menu.showPopover();
  const place = link.getBoundingClientRect();
  menu.style.left = `${Math.max(8, place.right - menu.offsetWidth) + scrollX}px`;
  menu.style.top = `${place.bottom + 4 + scrollY}px`;
}

/** Shows what a value means while somebody types it. @param {Event} event */
function previewValue(event) {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const preview = /** @type {HTMLElement | null} */ (input.closest(".cell, .field")?.querySelector("[data-preview]") ?? null);
  if (!preview) return;
  const asked = input.value;
  setTimeout(async () => {
    if (input.value !== asked) return; // typing goes on
    const response = await fetch(preview.dataset.preview + encodeURIComponent(asked));
    if (response.ok && input.value === asked) preview.innerHTML = await response.text(); // escaped by the server
  }, 150);
}

for (const form of /** @type {HTMLFormElement[]} */ (all("form[data-steps]"))) {
  showOneStep(form);
  followPackageType(form);
}
all("[data-tabs]").forEach(showTabs);
all("[data-add]").forEach(addRows);
all("[data-live]").forEach(followActivity);
document.addEventListener("input", previewValue);
document.addEventListener("pointerdown", () => (closedLink = menu.matches(":popover-open") ? menu.previousElementSibling : null), true);
document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-copy]"));
  if (button) copyText(button);
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a.more"));
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link !== closedLink) showMenu(link);
  closedLink = null;
});
document.addEventListener("keydown", (event) => {
  const typing = /** @type {HTMLElement} */ (event.target).closest("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
});
