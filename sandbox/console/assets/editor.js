// A field for JSON with the numbers of its lines, and with what is wrong in it while somebody writes.
// @ts-check

/** @param {HTMLTextAreaElement} field */
function edit(field) {
  const form = /** @type {HTMLFormElement} */ (field.form);
  const list = /** @type {HTMLElement} */ (document.getElementById(field.dataset.problems ?? ""));
  const numbers = document.createElement("pre");
  numbers.className = "line-numbers";
  numbers.setAttribute("aria-hidden", "true");
  const frame = document.createElement("div");
  frame.className = "editor";
  field.before(frame);
  frame.append(numbers, field);
  field.wrap = "off";
  let asked = 0;
  let waiting = 0;

  /** @param {Set<number>} wrong Lines with a problem. */
  function showNumbers(wrong) {
    const lines = field.value.split("\n").length;
    numbers.replaceChildren(
      ...Array.from({ length: lines }, (_, at) => {
        const line = document.createElement("span");
        line.textContent = `${wrong.has(at + 1) ? "→" : ""}${at + 1}\n`;
        line.classList.toggle("wrong", wrong.has(at + 1));
        return line;
      }),
    );
    numbers.scrollTop = field.scrollTop;
  }

  const wrongLines = () => new Set([...list.querySelectorAll("[data-line]")].map((one) => Number(/** @type {HTMLElement} */ (one).dataset.line)));

  async function check() {
    const number = ++asked;
    const response = await fetch(field.dataset.check ?? "", { method: "POST", body: new FormData(form) });
    if (!response.ok || number !== asked) return; // typing went on
    const text = (await response.text()).trim();
    if (number !== asked) return;
    if (list.innerHTML !== text) list.innerHTML = text; // escaped by the server
    field.setAttribute("aria-invalid", String(text !== ""));
    showNumbers(wrongLines());
  }

  function checkSoon() {
    asked++;
    clearTimeout(waiting);
    waiting = setTimeout(check, 200);
  }

  form.addEventListener("input", checkSoon);
  field.addEventListener("input", () => showNumbers(wrongLines()));
  field.addEventListener("scroll", () => (numbers.scrollTop = field.scrollTop));
  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-line]"));
    if (!button) return;
    const before = field.value.split("\n").slice(0, Number(button.dataset.line) - 1);
    const start = before.join("\n").length + (before.length ? 1 : 0);
    const end = field.value.indexOf("\n", start);
    field.focus();
    field.setSelectionRange(start, end < 0 ? field.value.length : end);
  });
  showNumbers(wrongLines());
  if (field.value) check();
}

for (const field of /** @type {NodeListOf<HTMLTextAreaElement>} */ (document.querySelectorAll("textarea[data-check]"))) edit(field);
