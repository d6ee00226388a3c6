// The switches for what goes wrong. Which faults there are is said here once; the simulators know what they mean.
import { byId, el } from "./draw.js";
import { t } from "./words.js";

const CRM_ONCE = {
  f_500: { status: 500 },
  f_429: { too_many_requests: { retry_after: "3" } },
  f_lost: "drop_after_commit",
  f_cut: "drop_before",
  f_html: "html_200",
  f_error_in_200: "error_in_200",
  f_slow: { delay: 3000 },
};
const CRM_ROUTES = { at_order: "POST /api/v6.1/sale_order", at_account: "POST /api/v6.1/account", at_any: "*" };
const CRM_STANDING = {
  s_401: ["unauthorised_until_cleared", true, false],
  s_v61: ["no_v61", "not_found", "off"],
  s_source: ["source_mode", "strict", "create"],
  s_product: ["product_mode", "strict", "create"],
};
const RANDOM_KINDS = [{ status: 500 }, { too_many_requests: {} }, "html_200", "drop_before", "drop_after_commit"];
const SHOP_ONCE = {
  h_duplicate_delivery: "duplicate_delivery",
  h_bad_hmac: "bad_hmac",
  h_swapped_order: "swapped_order",
  h_late: { late: { seconds: 10 } },
  h_dropped: { dropped: { percent: 100 } },
  h_missing_topic: "missing_topic",
  h_missing_org: "missing_org",
  h_wrapped_data: "wrapped_data",
  h_customer_null: "customer_null",
  h_string_numbers: "string_numbers",
  h_huge_body: { huge_body: { bytes: 1_100_000 } },
};
const TOPICS = ["orders/create", "orders/updated", "orders/paid", "customers/create"];

const select = (label, name, options, chosen) => el("label", { class: "field" }, el("span", {}, label),
  el("select", { name }, options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));

/// Builds the switches; `send(path, method, body, told)` does what a switch asks for.
export function buildFaults(about, send) {
  const chosen = (place, name, otherwise) => place.querySelector(`[name=${name}]`)?.value ?? otherwise;
  const crm = byId("crm-faults");
  const route = chosen(crm, "route", CRM_ROUTES.at_order);
  const times = chosen(crm, "times", "1");
  if (about.crm) {
    const patch = (change) => send(`${about.crm}/settings`, "POST", change, t("switched"));
    crm.replaceChildren(
      el("h3", {}, t("crm_faults")),
      el("div", { class: "pair" },
        select(t("when"), "route", Object.entries(CRM_ROUTES).map(([key, value]) => [value, t(key)]), route),
        select(t("times"), "times", ["1", "3", "10"].map((n) => [n, n]), times)),
      el("p", { class: "hint" }, t("crm_once")),
      el("div", { class: "chips" }, Object.entries(CRM_ONCE).map(([key, fault]) => el("button", {
        type: "button",
        onclick: () => send(`${about.crm}/faults`, "POST", { route: chosen(crm, "route"), fault, times: Number(chosen(crm, "times")) }, t("fault_queued", { what: t(key) })),
      }, t(key)))),
      el("div", { class: "queued", id: "crm-queued", hidden: true }),
      el("p", { class: "hint" }, t("standing")),
      ...Object.entries(CRM_STANDING).map(([key, [name, on, off]]) => el("label", { class: "switch" },
        el("input", { type: "checkbox", role: "switch", "data-switch": name, onchange: (change) => patch({ [name]: change.target.checked ? on : off }) }), t(key))),
      el("label", { class: "field" }, el("span", {}, t("random")), el("select", {
        "data-switch": "random_faults",
        onchange: (change) => patch({
          random_faults: change.target.value === "0" ? null : { seed: Math.floor(Math.random() * 1e9), probability: Number(change.target.value), kinds: RANDOM_KINDS, route: "*" },
        }),
      }, el("option", { value: "0" }, t("never")), ["0.1", "0.3", "0.6", "1"].map((value) => el("option", { value }, t("of_requests", { n: Number(value) * 100 }))))));
  }
  const shop = byId("shop-faults");
  const topic = chosen(shop, "topic", "");
  if (about.shop) {
    shop.replaceChildren(
      el("h3", {}, t("shop_faults")),
      select(t("topic"), "topic", [["", t("any_topic")], ...TOPICS.map((name) => [name, name])], topic),
      el("p", { class: "hint" }, t("shop_once")),
      el("div", { class: "chips" }, Object.entries(SHOP_ONCE).map(([key, fault]) => el("button", {
        type: "button",
        onclick: () => send(`${about.shop}/faults`, "POST", { fault, times: 1, topic: (key !== "h_swapped_order" && chosen(shop, "topic")) || null }, t("fault_queued", { what: t(key) })),
      }, t(key)))),
      el("div", { class: "queued", id: "shop-queued", hidden: true }));
  }
  drawn.crm = drawn.shop = null;
}

const drawn = { crm: null, shop: null };

const keyOf = (table, fault) => Object.keys(table).find((key) => JSON.stringify(table[key]) === JSON.stringify(fault));
const wordsOf = (table, fault) => { const key = keyOf(table, fault); return key ? t(key) : JSON.stringify(fault); };

/// Shows which switches are on and what waits to happen.
export function drawFaults(state, about, send) {
  const queue = (which, table, faults, path, place) => {
    const lines = faults.map(({ fault, route, topic, times }) => {
      const spot = Object.keys(CRM_ROUTES).find((key) => CRM_ROUTES[key] === route);
      return [wordsOf(table, fault), route && (spot ? t(spot) : route), topic, times > 1 && `× ${times}`].filter(Boolean).join(" ");
    });
    const counted = new Map();
    lines.forEach((line) => counted.set(line, (counted.get(line) ?? 0) + 1));
    const list = [...counted].map(([line, count]) => (count > 1 ? `${line} × ${count}` : line)).join("; ");
    const look = JSON.stringify([list, document.documentElement.lang]);
    if (drawn[which] === look) return;
    drawn[which] = look;
    place.hidden = !list;
    place.replaceChildren(el("p", {}, t("queued", { list })), el("button", { type: "button", class: "small", onclick: () => send(path, "DELETE", undefined, t("forgotten")) }, t("forget")));
  };
  let active = 0;
  if (about.crm && state.crm) {
    const { switches, faults } = state.crm;
    queue("crm", CRM_ONCE, faults, `${about.crm}/faults`, byId("crm-queued"));
    for (const [name, on] of Object.values(CRM_STANDING)) {
      const isOn = name === "no_v61" ? switches.no_v61 !== "off" : switches[name] === on;
      byId("crm-faults").querySelector(`[data-switch=${name}]`).checked = isOn;
      active += isOn;
    }
    const random = byId("crm-faults").querySelector("[data-switch=random_faults]");
    if (document.activeElement !== random) random.value = String(switches.random_faults ?? 0);
    active += faults.length + (switches.random_faults ? 1 : 0);
  }
  if (about.shop && state.shop) {
    queue("shop", SHOP_ONCE, state.shop.faults, `${about.shop}/faults`, byId("shop-queued"));
    active += state.shop.faults.length;
  }
  byId("faults-count").textContent = active ? t("active_faults", { n: active }) : "";
}
