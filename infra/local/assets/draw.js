// What moves on the page, drawn from one look at the state. Text only ever goes in as text.
import { clock, money, number, ofCode, ofServer, t } from "./words.js";

export const byId = (id) => document.getElementById(id);

/// An element with properties and children; nothing and empty texts are left out.
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false && child !== ""));
  return element;
}

/// Draws a list so that rows which did not change stay the same elements: focus, selection and scrolling survive.
export function drawList(list, rows, keyOf, draw) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let after = null;
  for (const row of rows) {
    const key = String(keyOf(row));
    const look = JSON.stringify([row, document.documentElement.lang]);
    let child = known.get(key);
    known.delete(key);
    if (!child || child.look !== look) {
      const held = child?.contains(document.activeElement);
      const drawn = draw(row);
      drawn.dataset.key = key;
      drawn.look = look;
      child?.replaceWith(drawn);
      child = drawn;
      if (held) {
        child.tabIndex = -1;
        child.focus();
      }
    }
    const place = after ? after.nextSibling : list.firstChild;
    if (child !== place) list.insertBefore(child, place);
    after = child;
  }
  known.forEach((gone) => gone.remove());
}

export const fullName = (person) => [person?.last_name, person?.first_name].filter((part) => part && part !== "---").join(" ");

/// What an event or a delivery is about, as people call it: the order's number, the customer's name.
export function nameOf(state, topic, id) {
  if (topic.startsWith("orders/")) return state.shop?.orders.find((order) => order.id === id)?.name ?? id ?? "";
  return fullName(state.shop?.customers.find((customer) => customer.id === id)) || id || "";
}

/// An event in words: what a page was sent brings its own.
export const titleOf = (state, event) => (event.page ? `${ofServer(event.said)} · ${event.page}` : `${ofCode("topics", event.topic)} ${nameOf(state, event.topic, event.id)}`);

export const STATUSES = ["ready", "working", "waiting", "done", "parked", "kept"];

export function drawCounts(state, chosen, choose) {
  const rows = [["all", state.total], ...STATUSES.map((status) => [status, state.counts[status]])];
  drawList(byId("counts"), rows.map(([status, count]) => ({ status, count, pressed: status === chosen })), (row) => row.status, (row) =>
    el("button", { type: "button", "aria-pressed": String(row.pressed), onclick: () => choose(row.status) },
      row.status === "all" ? t("all") : ofCode("statuses", row.status), " ", el("b", {}, number(row.count))));
}

export function drawEvents(state, chosen, mine, retry) {
  const fitting = state.events.filter((event) => chosen === "all" || event.status === chosen);
  const now = Date.parse(state.now);
  const rows = fitting.map((event) => ({
    ...event,
    what: titleOf(state, event),
    mine: mine.has(event.id),
    wait: event.due && Math.max(0, Math.ceil((Date.parse(event.due) - now) / 1000)),
  }));
  drawList(byId("event-list"), rows, (event) => `${event.key} ${event.digest}`, (event) => drawEvent(event, retry));
  const empty = byId("events-empty");
  empty.hidden = rows.length > 0 && state.total <= state.events.length;
  empty.textContent = rows.length === 0
    ? state.total ? t("none_in_filter") : t(state.shop ? "no_events" : "no_events_real")
    : t("newest_only", { shown: number(state.events.length), total: number(state.total) });
}

function drawEvent(event, retry) {
  const again = event.due && (event.wait === 0 ? t("again_now") : event.wait < 120 ? t("again_in", { n: event.wait }) : t("again_at", { time: clock(event.due) }));
  const tried = event.attempts > 0 && t("attempts", { n: event.attempts });
  const progress = [tried, again].filter(Boolean).join(", ");
  return el("li", { class: event.mine ? "mine" : null },
    el("div", { class: "line" },
      el("span", { class: `pill ${event.status}` }, ofCode("statuses", event.status)),
      el("span", { class: "what" }, event.what),
      event.crm_code && el("span", { class: "note soft" }, t("in_crm", { code: event.crm_code })),
      el("time", { class: "time", datetime: event.received_at }, clock(event.received_at))),
    event.reason && el("p", { class: "note" }, ofCode("reasons", event.reason)),
    event.detail && el("p", { class: "note soft" }, t("detail", { text: event.detail })),
    progress && el("p", { class: "note" }, progress.charAt(0).toUpperCase() + progress.slice(1)),
    event.warnings.map((code) => el("p", { class: "warning" }, ofCode("warnings", code))),
    event.status === "parked" && el("div", { class: "actions" },
      el("button", { type: "button", class: "small", "aria-label": t("retry_what", { what: event.what }), onclick: (click) => retry(event, click.currentTarget) }, t("retry"))));
}

export function drawDeliveries(state) {
  const rows = state.shop?.deliveries ?? [];
  const open = rows.filter((delivery) => delivery.state !== "delivered").length;
  byId("deliveries-count").textContent = rows.length ? t("deliveries_open", { n: rows.length, open }) : t("no_deliveries");
  drawList(byId("delivery-list"), rows.map((delivery) => ({ ...delivery, what: nameOf(state, delivery.topic, delivery.entity_id) })), (delivery) => delivery.id, (delivery) =>
    el("li", {}, el("div", { class: "line" },
      el("span", { class: `pill ${delivery.state === "delivered" ? "done" : delivery.status || delivery.state === "dropped" ? "bad" : "waiting"}` }, delivery.status ? `${delivery.status} · ${t(`d_${delivery.state}`)}` : t(`d_${delivery.state}`)),
      el("span", {}, `${ofCode("topics", delivery.topic)} ${delivery.what}`),
      delivery.attempts > 1 && el("span", { class: "soft" }, t("tries", { n: delivery.attempts })),
      el("time", { class: "time", datetime: delivery.created_at }, clock(delivery.created_at)))));
}

/// The connected pages, and those among them that a message can be sent to.
export function drawPages(state, about) {
  const { pages } = state;
  const kind = { facebook: "Facebook", zalo: "Zalo OA" };
  byId("pages-none").hidden = pages.length > 0;
  drawList(byId("page-list"), pages, (page) => page.key, (page) =>
    el("li", {}, el("div", { class: "line" },
      el("span", { class: `pill ${page.connected ? "done" : "bad"}` }, t(page.connected ? "page_connected" : "page_lost")),
      el("span", { class: "what" }, page.name),
      el("span", { class: "soft" }, kind[page.provider]))));
  const form = byId("message-form");
  const simulated = pages.filter((page) => about.providers[page.provider]);
  form.hidden = !simulated.length;
  drawList(form.elements.page, simulated, (page) => page.key, (page) => el("option", { value: page.key }, `${page.name} · ${kind[page.provider]}`));
}

export function drawShopOrders(state, act) {
  const rows = state.shop?.orders ?? [];
  byId("shop-orders-count").textContent = rows.length ? number(rows.length) : t("no_shop_orders");
  drawList(byId("shop-orders"), rows, (order) => order.id, (order) => {
    const payment = order.financial_status === "paid" ? "paid_state" : order.financial_status;
    const button = (action) => el("button", { type: "button", class: "small", "aria-label": `${t(action)}: ${order.name}`, onclick: (click) => act(action, order, click.currentTarget) }, t(action));
    const owed = !["paid", "refunded", "partially_refunded", "voided"].includes(order.financial_status);
    const states = [t(payment), order.fulfillment_status === "fulfilled" && t("fulfilled"), order.cancelled_at && t("cancelled")];
    return el("li", {},
      el("div", { class: "line" }, el("span", { class: "what" }, order.name), el("span", {}, fullName(order.customer) || t("no_buyer")), el("span", { class: "time" }, money(order.total_price))),
      el("p", { class: "note soft" }, states.filter(Boolean).join(", ")),
      !order.cancelled_at && el("div", { class: "actions" },
        owed && button("pay"), order.fulfillment_status !== "fulfilled" && button("fulfil"), button("annotate"), button("cancel")));
  });
}

export function drawCrm(state, mine) {
  const { crm } = state;
  byId("crm-orders-count").textContent = t(crm.doubles ? "doubles" : crm.orders_total ? "no_doubles" : "in_all", { n: number(crm.orders_total), doubles: number(crm.doubles) });
  byId("crm-customers-count").textContent = t(crm.accounts.length < crm.accounts_total ? "in_all_newest" : "in_all", { n: number(crm.accounts_total), shown: number(crm.accounts.length) });
  const isMine = (code) => [...mine].some((id) => code === `HRV-${id}`);
  drawTable(byId("crm-orders"), t("no_crm_orders"), [
    ["code", (order) => order.code, "code"],
    ["customer", (order) => order.name],
    ["total", (order) => money(order.total), "number"],
    ["paid_sum", (order) => money(order.paid), "number"],
    ["assignee", (order) => order.assignee?.name || order.assignee?.login || t("nobody_yet")],
    ["source", (order) => order.source],
    ["status", (order) => [order.status, order.payment].filter(Boolean).join(", ")],
  ], crm.orders, isMine);
  drawTable(byId("crm-customers"), t("no_crm_customers"), [
    ["code", (account) => account.code, "code"],
    ["customer", (account) => account.name + (account.deleted ? ` (${t("deleted")})` : "")],
    ["contact", (account) => [account.phone, account.email].filter(Boolean).join(", "), "loose"],
    ["region", (account) => account.region.filter(Boolean).join(", "), "roomy"],
    ["assignee", (account) => account.manager?.name || account.manager?.login || t("nobody_yet")],
    ["source", (account) => account.source.join(", ")],
  ], crm.accounts, isMine);
}

function drawTable(place, empty, columns, rows, isMine) {
  if (!rows.length) {
    place.replaceChildren(el("p", { class: "empty" }, empty));
    return;
  }
  const titles = columns.map(([key]) => t(key));
  if (!place.querySelector("table") || place.titles !== titles.join()) {
    place.titles = titles.join();
    const head = columns.map(([, , kind], at) => el("th", { scope: "col", class: kind }, titles[at]));
    place.replaceChildren(el("div", { class: "scroll", tabindex: "0" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody"))));
  }
  drawList(place.querySelector("tbody"), rows.map((row) => ({ ...row, mine: isMine(row.code) || isMine(row.account) })), (row) => row.id, (row) =>
    el("tr", { class: row.mine ? "mine" : null }, columns.map(([, value, kind], at) => el("td", { class: kind, "data-label": titles[at] }, value(row)))));
}
