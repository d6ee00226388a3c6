// Every text of the page in both languages. `english` holds the English of what index.html says in Vietnamese; `spoken`
// holds both for what is said as things happen. Words for the codes of events come from the server (/local/about).

const english = {
  intro: "The whole system runs on this machine: a simulated Haravan shop, the connector, a simulated Getfly CRM, and simulated Facebook and Zalo. Place an order in the shop and watch the order and its buyer reach the CRM by themselves, even when things go wrong.",
  admin_pages: "Open the admin pages, as from the CRM",
  addresses: "Addresses and keys",
  addresses_hint: "For this machine only. The webhook secret and the API key are loaded only when this part is open.",
  shop: "Haravan shop",
  unsubscribed: "Haravan deleted the shop's webhook subscription after 19 failed deliveries in a row. No more events arrive.",
  subscribe: "Subscribe again",
  place: "Place an order",
  payment: "Payment", cod: "COD, on delivery", paid: "Paid", part: "Half paid",
  buyer: "Buyer", buyer_new: "New customer", buyer_known: "Known customer", buyer_guest: "Guest of the web shop",
  buyer_phone: "New customer, phone only", buyer_email: "New customer, e-mail only", buyer_walk_in: "Walk-in at the counter",
  buyer_masked: "Marketplace buyer, masked name",
  which_customer: "Which customer", no_customers: "The shop has no customers yet: create one, or place an order for a new one first.",
  name: "Full name", phone: "Phone", email: "E-mail", invented: "Empty: invented",
  more: "Channel, staff, goods", channel: "Sales channel", channel_any: "As the shop does", staff: "Typed in by", nobody: "Nobody",
  product: "Product", product_any: "Empty: from the shop's catalogue", price: "Unit price (₫)", quantity: "Quantity",
  new_customer: "Create a customer", gender: "Gender", gender_any: "Invented", female: "Female", male: "Male",
  shop_orders: "Orders placed",
  pages: "Pages of Facebook and Zalo", pages_none: "No page is connected yet.",
  pages_hint: "Connect one as an admin does: open the admin pages, go to Pages and press Add a connection.",
  pages_connect: "Open the admin pages to connect one",
  to_page: "Write to the page", message: "Message", message_any: "Do you still have the notebook?", send_message: "Send the message",
  jump_shop: "Shop", jump_pages: "Pages", jump_faults: "Faults", jump_events: "Events",
  faults: "Make things go wrong",
  events: "Events received", filter: "Filter by status", deliveries: "Webhook deliveries by Haravan",
  crm: "Getfly CRM", crm_orders: "Orders", crm_customers: "Customers",
};

const spoken = {
  unreachable: ["Không gọi được máy chủ. Chương trình đã dừng? Trang tự thử lại mỗi giây.", "The server cannot be reached. Has the program stopped? The page keeps trying every second."],
  troubled: ["Máy chủ báo lỗi: {what} Trang tự thử lại.", "The server reports an error: {what} The page keeps trying."],
  not_answered: ["Máy chủ không trả lời. Thử lại sau ít giây.", "The server did not answer. Try again in a few seconds."],
  refused: ["Bị từ chối: {what}", "Refused: {what}"],
  intro_real: ["Phần chuyển dữ liệu đang chạy trên máy này, không kèm cửa hàng và CRM giả lập. Sự kiện Haravan gửi tới địa chỉ webhook sẽ được lưu lại và chuyển sang CRM của bạn.", "The connector runs on this machine, without the simulated shop and CRM. Events that Haravan sends to the webhook address are stored and carried over to your CRM."],
  no_simulators: ["Bản chạy này không có cửa hàng và CRM giả lập (khởi động với --no-simulators), nên không đặt đơn hay gây sự cố từ đây được. Sự kiện thật gửi tới địa chỉ webhook vẫn hiện trong danh sách.", "This run has no simulated shop and CRM (started with --no-simulators), so no orders can be placed and nothing can be made to go wrong from here. Real events sent to the webhook address still show in the list."],
  real_crm: ["Đang dùng CRM thật tại {url}. Hãy xem khách và đơn ngay trong CRM đó.", "A real CRM is in use at {url}. Look at customers and orders there."],
  placed: ["Đã đặt đơn {name}, tổng {total}. Xem sự kiện và CRM để theo dõi.", "Order {name} placed, {total} in all. Watch the events and the CRM."],
  customer_made: ["Đã tạo khách {name}.", "Customer {name} created."],
  message_sent: ["Đã nhắn cho {name}. Tin nằm trong danh sách sự kiện.", "Sent to {name}. It is on the list of events."],
  message_unheard: ["{name} không báo cho ứng dụng: trang chưa đăng ký webhook hoặc đã thu hồi quyền.", "{name} does not tell the app: it is not subscribed, or the right was withdrawn."],
  page_connected: ["đang kết nối", "connected"], page_lost: ["cần kết nối lại", "needs to be connected again"],
  order_paid: ["Đã thu đủ tiền đơn {name}.", "Order {name} is paid in full."],
  order_cancelled: ["Đã hủy đơn {name}.", "Order {name} is cancelled."],
  order_fulfilled: ["Đã giao đơn {name}.", "Order {name} is fulfilled."],
  order_noted: ["Đã thêm ghi chú vào đơn {name}.", "A note was added to order {name}."],
  note_text: ["Khách hẹn giao lúc {time}", "The buyer asks for delivery at {time}"],
  pay: ["Thu tiền", "Pay"], cancel: ["Hủy đơn", "Cancel"], fulfil: ["Giao hàng", "Fulfil"], annotate: ["Thêm ghi chú", "Add a note"],
  no_buyer: ["Khách lẻ", "Walk-in"],
  no_shop_orders: ["Chưa có đơn nào.", "No orders yet."],
  pending: ["chưa thanh toán", "unpaid"], authorized: ["đã giữ tiền", "authorized"], partially_paid: ["trả một phần", "partly paid"], partiallypaid: ["trả một phần", "partly paid"],
  paid_state: ["đã thanh toán", "paid"], refunded: ["đã hoàn tiền", "refunded"], partially_refunded: ["hoàn một phần", "partly refunded"], voided: ["đã hủy thanh toán", "voided"],
  cancelled: ["đã hủy", "cancelled"], fulfilled: ["đã giao", "fulfilled"],
  all: ["Tất cả", "All"],
  no_events: ["Chưa có sự kiện nào. Đặt một đơn ở cửa hàng để bắt đầu.", "No events yet. Place an order in the shop to begin."],
  no_events_real: ["Chưa có sự kiện nào. Sự kiện gửi tới địa chỉ webhook sẽ hiện ở đây.", "No events yet. Events sent to the webhook address will show here."],
  none_in_filter: ["Không có sự kiện nào ở trạng thái này.", "No events with this status."],
  newest_only: ["Hiện {shown} sự kiện mới nhất trong {total}.", "The newest {shown} of {total} events."],
  attempts: ["Đã thử hỏng {n} lần", "Failed tries: {n}"],
  again_in: ["thử lại sau {n} giây", "next try in {n} s"], again_at: ["thử lại lúc {time}", "next try at {time}"], again_now: ["sắp thử lại", "about to try again"],
  in_crm: ["Trong CRM: {code}", "In the CRM: {code}"],
  detail: ["Chi tiết: {text}", "Detail: {text}"],
  retry: ["Thử lại", "Retry"], retry_what: ["Thử lại: {what}", "Retry: {what}"],
  retried: ["Đã đưa {what} vào làm lại.", "{what} is being worked on again."],
  became: ["{what}: {status}", "{what}: {status}"],
  no_deliveries: ["Chưa gửi lần nào.", "Nothing sent yet."],
  deliveries_open: ["{n} gần đây, {open} chưa được nhận", "latest {n}, {open} not accepted"],
  d_waiting: ["chờ gửi", "to be sent"], d_held: ["giữ lại", "held back"], d_in_flight: ["đang gửi", "being sent"], d_delivered: ["đã nhận", "accepted"], d_given_up: ["bỏ cuộc", "given up"], d_dropped: ["bị mất", "lost"], d_cancelled: ["thôi gửi", "called off"],
  tries: ["{n} lần gửi", "sent {n} times"],
  code: ["Mã", "Code"], customer: ["Khách", "Customer"], total: ["Tổng tiền", "Total"], paid_sum: ["Đã trả", "Paid"], assignee: ["Phụ trách", "Assignee"], source: ["Nguồn", "Source"], status: ["Trạng thái", "Status"], contact: ["Liên hệ", "Contact"], region: ["Khu vực", "Region"],
  no_crm_orders: ["CRM chưa có đơn nào.", "The CRM has no orders yet."],
  no_crm_customers: ["CRM chưa có khách nào.", "The CRM has no customers yet."],
  in_all: ["{n}", "{n}"], in_all_newest: ["{n}, hiện {shown} mới nhất", "{n}, the newest {shown} shown"],
  no_doubles: ["{n}, không đơn nào bị trùng", "{n}, none twice"], doubles: ["{n}, {doubles} đơn BỊ TRÙNG", "{n}, {doubles} TWICE"],
  deleted: ["đã xóa", "deleted"],
  nobody_yet: ["chưa giao", "nobody"],
  copy: ["Chép", "Copy"], copied: ["Đã chép", "Copied"], not_copied: ["Không chép được", "Not copied"], copy_what: ["Chép {what}", "Copy {what}"],
  loading: ["Đang tải…", "Loading…"],
  a_webhook_url: ["Địa chỉ webhook", "Webhook address"], a_haravan_url: ["Haravan Admin REST", "Haravan Admin REST"], a_getfly_url: ["CRM Getfly", "Getfly CRM"], a_dynamodb_url: ["DynamoDB nhúng", "Embedded DynamoDB"], a_tenant_id: ["Tài khoản CRM", "Tenant"], a_org_id: ["Mã cửa hàng", "Shop id"], a_client_secret: ["Khóa ký webhook", "Client secret"], a_verify_token: ["Mã xác minh webhook", "Verify token"], a_getfly_api_key: ["Khóa API của CRM", "CRM API key"],
  settings: ["Cửa hàng {shop}: {connected}. Chuyển đơn: {orders}. Chuyển khách: {customers}. Dò khách trùng theo điện thoại và email: {duplicates}. Phụ trách mặc định: {manager}. Tối đa {rate} lần ghi mỗi giây.", "Shop {shop}: {connected}. Orders: {orders}. Customers: {customers}. Looks for existing customers by phone and e-mail: {duplicates}. Default person in charge: {manager}. At most {rate} writes a second."],
  connected: ["đang kết nối", "connected"], disconnected: ["đã ngắt kết nối", "disconnected"], on: ["bật", "on"], off: ["tắt", "off"],

  crm_faults: ["CRM hỏng", "The CRM fails"],
  crm_once: ["Bấm để hỏng ở yêu cầu kế tiếp:", "Press to make the next request fail:"],
  when: ["Khi nào", "When"], times: ["Mấy lần", "How often"],
  at_order: ["khi tạo đơn", "creating an order"], at_account: ["khi tạo khách", "creating a customer"], at_any: ["mọi yêu cầu", "any request"],
  f_500: ["Lỗi 500", "Error 500"], f_429: ["429, xin chậm lại", "429, slow down"], f_html: ["Trả trang HTML", "An HTML page"], f_lost: ["Ghi xong rồi mất trả lời", "Written, answer lost"], f_cut: ["Đứt trước khi ghi", "Cut off before writing"], f_error_in_200: ["Lỗi nấp trong 200", "Error inside a 200"], f_slow: ["Chậm 3 giây", "3 s late"],
  standing: ["Đến khi tắt:", "Until switched off:"],
  s_401: ["Từ chối khóa API (401)", "Refuse the API key (401)"], s_v61: ["Không có API v6.1", "No API v6.1"], s_source: ["Từ chối nguồn khách lạ", "Refuse unknown customer sources"], s_product: ["Từ chối sản phẩm lạ", "Refuse unknown products"],
  random: ["Hỏng ngẫu nhiên", "Fail at random"], never: ["không", "never"], of_requests: ["{n}% yêu cầu", "{n}% of requests"],
  queued: ["Đang chờ xảy ra: {list}", "Waiting to happen: {list}"], forget: ["Bỏ hết", "Forget them"],
  shop_faults: ["Haravan gửi sai", "Haravan misbehaves"],
  shop_once: ["Bấm để sai ở lần gửi kế tiếp:", "Press to spoil the next delivery:"],
  topic: ["Của sự kiện", "Of the event"], any_topic: ["bất kỳ", "any"],
  h_duplicate_delivery: ["Gửi trùng hai lần", "Sent twice"], h_bad_hmac: ["Chữ ký sai", "Bad signature"], h_swapped_order: ["Đảo thứ tự", "Out of order"], h_late: ["Muộn 10 giây", "10 s late"], h_dropped: ["Mất hẳn", "Lost for good"], h_missing_topic: ["Thiếu chủ đề", "No topic"], h_missing_org: ["Thiếu mã cửa hàng", "No shop id"], h_wrapped_data: ["Bọc trong data", "Wrapped in data"], h_customer_null: ["Đơn không có khách", "Order without customer"], h_string_numbers: ["Số viết như chữ", "Numbers as text"], h_huge_body: ["Nội dung hơn 1 MB", "Body over 1 MB"],
  active_faults: ["{n} đang bật", "{n} active"],
  fault_queued: ["Đã đặt sự cố: {what}.", "Queued: {what}."],
  switched: ["Đã đổi.", "Changed."], forgotten: ["Đã bỏ các sự cố đang chờ.", "The waiting faults are forgotten."],
};

let language = "vi";
try {
  language = localStorage.getItem("language") === "en" ? "en" : "vi";
} catch {
  // Without storage the page begins in Vietnamese.
}

const vietnamese = {};
let codes = {};

export const currentLanguage = () => language;
export const learn = (words) => { codes = words; };

/// The text of `key`, with `{names}` filled in.
export function t(key, values = {}) {
  const text = spoken[key]?.[language === "vi" ? 0 : 1] ?? (language === "en" ? english[key] : vietnamese[key]) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/// The words of an event's code; the code itself when there are none.
export const ofCode = (kind, code) => codes[kind]?.[code]?.[language] ?? code;
/// A text that the server gave in both languages, or in one.
export const ofServer = (text) => (typeof text === "object" && text ? text[language] ?? text.en : text);

/// Puts the static texts into the language.
export function speak(chosen = language) {
  language = chosen;
  try {
    localStorage.setItem("language", chosen);
  } catch {
    // The choice then lasts until the page is closed.
  }
  document.documentElement.lang = chosen;
  const put = (attribute, read, write) => {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      const key = element.getAttribute(attribute);
      vietnamese[key] ??= read(element);
      write(element, chosen === "en" ? english[key] : vietnamese[key]);
    }
  };
  put("data-t", (element) => element.textContent, (element, text) => { element.textContent = text; });
  put("data-t-placeholder", (element) => element.placeholder, (element, text) => { element.placeholder = text; });
  put("data-t-label", (element) => element.getAttribute("aria-label"), (element, text) => { element.setAttribute("aria-label", text); });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === chosen));
  }
}

const locale = () => (language === "vi" ? "vi-VN" : "en-GB");
export const money = (amount) => `${Number(amount).toLocaleString(locale(), { maximumFractionDigits: 2 })}\u00a0₫`;
export const number = (amount) => Number(amount).toLocaleString(locale());
export function clock(instant) {
  const at = new Date(instant);
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(locale(), today ? { timeStyle: "medium" } : { dateStyle: "short", timeStyle: "short" });
}
