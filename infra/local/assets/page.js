// The page: asks for the state once a second, draws it, and sends what a person asks for to the simulators.
import { byId, drawCounts, drawCrm, drawDeliveries, drawEvents, drawList, drawPages, drawShopOrders, el, fullName, titleOf } from "./draw.js";
import { buildFaults, drawFaults } from "./faults.js";
import { clock, currentLanguage, learn, money, number, ofCode, ofServer, speak, t } from "./words.js";

const PAUSE = 1000;
const PATIENCE = 10_000;

let about = null;
let state = null;
let filter = "all";
/// Ids of what was made or changed last from this page, to mark what becomes of it.
let mine = new Set();

/// A failure in words for people.
class Told extends Error {}

async function ask(path, method = "GET", body = undefined) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    throw Object.assign(new Told(t("not_answered")), { unreachable: true, cause: error });
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw new Told(ofServer(answer?.error) || ofServer(answer?.message) || `HTTP ${response.status}`);
  }
  return answer;
}

function tell(place, text, isBad = false) {
  place.textContent = text;
  place.classList.toggle("bad", isBad);
}

/// Runs what a button asks for: one at a time, its outcome said in `place`, the page brought up to date.
async function run(button, place, action) {
  if (button) button.disabled = true;
  tell(place, "");
  try {
    tell(place, await action());
  } catch (error) {
    if (!(error instanceof Told)) throw error;
    tell(place, error.unreachable ? error.message : t("refused", { what: error.message }), true);
  } finally {
    if (button) button.disabled = false;
  }
  await look();
}

// The look at the state, once a second while the page is seen.

let timer = null;
let looking = null;

function look() {
  looking ??= lookOnce().finally(() => { looking = null; });
  return looking;
}

async function lookOnce() {
  clearTimeout(timer);
  const banner = byId("banner");
  try {
    if (!about) await learnAbout();
    const before = state;
    state = await ask("/local/state");
    banner.hidden = true;
    draw();
    announce(before, state);
  } catch (error) {
    const text = error.unreachable ? t("unreachable") : t("troubled", { what: error.message });
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = false;
    if (!(error instanceof Told)) console.error(error);
  }
  if (!document.hidden) timer = setTimeout(look, PAUSE);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

async function learnAbout() {
  const answer = await ask("/local/about");
  learn(answer.words);
  if (answer.shop) {
    const shop = await ask(`${answer.shop}/state`);
    const staff = byId("order-form").elements.staff;
    staff.append(...shop.orgs.flatMap((org) => org.users).map((user) => el("option", { value: user.id }, user.email)));
  }
  about = answer;
  buildFaults(about, sendFault);
}

function draw() {
  if (!about.shop) document.querySelector(".intro").textContent = t("intro_real");
  drawSettings();
  drawPages(state, about);
  drawCounts(state, filter, (status) => { filter = status; draw(); });
  drawEvents(state, filter, mine, retry);
  byId("deliveries").hidden = !state.shop;
  byId("shop-parts").hidden = !state.shop;
  byId("faults").hidden = !state.shop && !state.crm;
  byId("crm-parts").hidden = !state.crm;
  for (const [id, missing] of [["shop-absent", !state.shop], ["crm-absent", !state.crm]]) {
    byId(id).hidden = !missing;
    byId(id).textContent = id === "shop-absent" ? t("no_simulators") : t("real_crm", { url: about.addresses.getfly_url });
  }
  byId("unsubscribed").hidden = !state.shop || state.shop.subscribed;
  if (state.shop) {
    drawDeliveries(state);
    drawShopOrders(state, actOnOrder);
    drawCustomerChoice();
  }
  if (state.crm) drawCrm(state, mine);
  drawFaults(state, about, sendFault);
}

/// Says aloud what became of events; the list itself is silent, or a screen reader would never stop.
function announce(before, after) {
  if (!before) return;
  const key = (event) => `${event.key} ${event.digest}`;
  const was = new Map(before.events.map((event) => [key(event), event.status]));
  const settled = after.events.filter((event) => ["done", "waiting", "parked", "kept"].includes(event.status) && was.get(key(event)) !== event.status);
  if (!settled.length) return;
  const lines = settled.slice(0, 4).map((event) => t("became", { what: titleOf(after, event), status: ofCode("statuses", event.status) }));
  byId("announcer").textContent = lines.join(". ");
}

// The shop.

const person = (form) => {
  const spec = {};
  const name = form.elements.name.value.trim().split(/\s+/).filter(Boolean);
  if (name.length) {
    spec.first_name = name.at(-1);
    spec.last_name = name.slice(0, -1).join(" ") || null;
  }
  for (const field of ["phone", "email"]) {
    const value = form.elements[field]?.value.trim();
    if (value) spec[field] = value;
  }
  return spec;
};

function orderFrom(form) {
  const { buyer, customer, payment, source, staff, title, price, quantity } = form.elements;
  const spec = { payment: { cod: "pending", paid: "paid", part: "partially_paid" }[payment.value], gateway: payment.value === "cod" ? "cod" : "bank_transfer" };
  spec.buyer = buyer.value === "known" ? { known: Number(customer.value) } : buyer.value;
  if (buyer.value === "new") spec.customer = person(form);
  if (source.value) spec.source = source.value;
  if (staff.value) spec.staff = Number(staff.value);
  if (title.value.trim()) spec.lines = [{ title: title.value.trim(), price: price.value || "0", quantity: Number(quantity.value) || 1 }];
  return spec;
}

function forget(form, ...names) {
  names.forEach((name) => { form.elements[name].value = ""; });
}

byId("order-form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const form = submit.target;
  run(submit.submitter, form.querySelector(".told"), async () => {
    const { order_id, order } = await ask(`${about.shop}/create_order`, "POST", orderFrom(form));
    mine = new Set([order_id, order.customer?.id ?? order_id]);
    forget(form, "name", "phone");
    return t("placed", { name: order.name, total: money(order.total_price) });
  });
});

byId("customer-form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const form = submit.target;
  run(submit.submitter, form.querySelector(".told"), async () => {
    const gender = form.elements.gender.value;
    const spec = { ...person(form), ...(gender && { gender: Number(gender) }) };
    const { customer_id, customer } = await ask(`${about.shop}/create_customer`, "POST", spec);
    mine = new Set([customer_id]);
    forget(form, "name", "phone", "email");
    return t("customer_made", { name: fullName(customer) || customer_id });
  });
});

function showBuyerFields() {
  const form = byId("order-form");
  const known = form.elements.buyer.value === "known";
  for (const field of form.querySelectorAll("[data-when]")) field.hidden = field.dataset.when !== form.elements.buyer.value;
  const none = !form.elements.customer.options.length;
  byId("no-customers").hidden = !(known && none);
  form.elements.customer.closest("label").hidden = !known || none;
  form.querySelector("button.main").disabled = known && none;
}
byId("order-form").elements.buyer.addEventListener("change", showBuyerFields);

function drawCustomerChoice() {
  const choice = byId("order-form").elements.customer;
  drawList(choice, state.shop.customers, (customer) => customer.id, (customer) =>
    el("option", { value: customer.id }, [fullName(customer) || customer.id, customer.phone].filter(Boolean).join(" · ")));
  if (byId("order-form").elements.buyer.value === "known") showBuyerFields();
}

const ACTIONS = {
  pay: ["pay_order", "order_paid", () => ({})],
  cancel: ["cancel_order", "order_cancelled", () => ({ reason: "customer" })],
  fulfil: ["update_order", "order_fulfilled", () => ({ fulfil: true })],
  annotate: ["update_order", "order_noted", () => ({ note: t("note_text", { time: clock(Date.now()) }) })],
};

function actOnOrder(action, order, button) {
  const [path, done, body] = ACTIONS[action];
  mine = new Set([order.id]);
  run(button, byId("shop-orders-told"), async () => {
    await ask(`${about.shop}/${path}`, "POST", { order_id: order.id, ...body() });
    return t(done, { name: order.name });
  });
}

byId("subscribe").addEventListener("click", (click) => run(click.currentTarget, byId("shop-orders-told"), async () => {
  await ask(`${about.shop}/subscribe`, "POST", {});
  return "";
}));

// Pages.

const TO_PAGE = {
  facebook: (page, text) => ["send_message", { page: page.id, text }],
  zalo: (page, text) => ["send_text", { oa: page.id, text }],
};

byId("message-form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const form = submit.target;
  const page = state.pages.find(({ key }) => key === form.elements.page.value);
  run(submit.submitter, form.querySelector(".told"), async () => {
    const [path, body] = TO_PAGE[page.provider](page, form.elements.text.value.trim() || form.elements.text.placeholder);
    const { delivery } = await ask(`${about.providers[page.provider]}/${path}`, "POST", body);
    if (delivery == null) return t("message_unheard", { name: page.name });
    mine = new Set([page.key]);
    forget(form, "text");
    return t("message_sent", { name: page.name });
  });
});

// Faults and second tries.

function sendFault(path, method, body, told) {
  return run(null, byId("faults-told"), async () => {
    await ask(path, method, body);
    return told;
  });
}

function retry(event, button) {
  run(button, byId("events-told"), async () => {
    await ask("/local/events/retry", "POST", { key: event.key, digest: event.digest });
    return t("retried", { what: event.what });
  });
}

// Addresses, settings, language.

function drawSettings() {
  const { tenant } = state;
  const onOff = (value) => t(value ? "on" : "off");
  byId("settings-line").textContent = t("settings", {
    shop: tenant.shop, connected: t(tenant.connected ? "connected" : "disconnected"), orders: onOff(tenant.orders), customers: onOff(tenant.customers),
    duplicates: onOff(tenant.looks_for_duplicates), manager: tenant.default_manager ?? t("nobody_yet"), rate: number(tenant.writes_per_second),
  });
}

async function showAddresses() {
  const list = byId("address-list");
  if (!byId("addresses").open) {
    list.replaceChildren();
    return;
  }
  list.replaceChildren(el("div", {}, el("dt", {}, t("loading"))));
  try {
    const { addresses } = about ?? (await ask("/local/about"));
    const secrets = await ask("/local/secrets");
    list.replaceChildren(...Object.entries({ ...addresses, ...secrets }).map(([key, value]) => {
      const copy = async (click) => {
        const button = click.currentTarget;
        const done = await navigator.clipboard.writeText(value).then(() => "copied", () => "not_copied");
        button.textContent = t(done);
        setTimeout(() => { button.textContent = t("copy"); }, 1500);
      };
      return el("div", {}, el("dt", {}, t(`a_${key}`)), el("dd", {}, el("code", {}, value),
        el("button", { type: "button", class: "small", "aria-label": t("copy_what", { what: t(`a_${key}`) }), onclick: copy }, t("copy"))));
    }));
  } catch (error) {
    if (!(error instanceof Told)) throw error;
    list.replaceChildren(el("div", {}, el("dt", { class: "told bad", role: "alert" }, error.message)));
  }
}
byId("addresses").addEventListener("toggle", showAddresses);

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    speak(button.dataset.language);
    if (about) buildFaults(about, sendFault);
    showAddresses();
    for (const told of document.querySelectorAll(".told")) told.textContent = "";
    if (state) draw();
    look();
  });
}

byId("faults-parts").open = matchMedia("(min-width: 1000px)").matches;
speak(currentLanguage());
showBuyerFields();
look();
