//! The form's groups and fields, with their words.

use common::getfly::user::User;
use common::page::Lang;

use super::entered::Entered;
use super::seen::Seen;
use crate::form::{Fault, Field, Kind};

/// Fields that belong together.
pub(crate) struct Group {
    /// What they are about.
    pub legend: &'static str,
    /// What helps.
    pub hint: Option<String>,
    /// The fields.
    pub fields: Vec<Field>,
}

/// Draws the fields; the CRM's users are chosen from where they are known.
pub(crate) fn groups(
    lang: Lang,
    entered: &Entered,
    seen: &Seen,
    users: Option<&[User]>,
    faults: &[Fault],
) -> Vec<Group> {
    let draw = Draw { lang, entered, users };
    let mut groups = draw.groups(seen);
    for group in &mut groups {
        group.fields =
            std::mem::take(&mut group.fields).into_iter().map(|field| field.with(lang, faults)).collect();
    }
    groups
}

struct Draw<'a> {
    lang: Lang,
    entered: &'a Entered,
    users: Option<&'a [User]>,
}

impl Draw<'_> {
    fn of(&self, vi: &'static str, en: &'static str) -> &'static str {
        self.lang.of(vi, en)
    }

    fn tick(&self, name: &'static str, vi: &'static str, en: &'static str) -> Field {
        let on = self.entered.ticks.get(name).copied().unwrap_or_default();
        Field::new(name, self.of(vi, en), Kind::Tick { on })
    }

    fn line(&self, name: &'static str, vi: &'static str, en: &'static str) -> Field {
        let value = self.entered.lines.get(name).cloned().unwrap_or_default();
        Field::new(name, self.of(vi, en), Kind::Line { value })
    }

    /// A CRM user: chosen, or typed in where the CRM does not tell them.
    fn person(&self, name: &str, label: &str, login: &str) -> Field {
        let Some(users) = self.users else {
            return Field::new(name, label, Kind::Line { value: login.to_owned() });
        };
        let nobody = self.of("(không ai)", "(nobody)").to_owned();
        let mut options = vec![(String::new(), nobody)];
        options.extend(users.iter().map(|user| {
            let label = match &user.email {
                Some(email) if *email != user.user_name => format!("{} ({email})", user.user_name),
                _ => user.user_name.clone(),
            };
            (user.user_name.clone(), label)
        }));
        if options.iter().all(|(value, _)| value != login) {
            options.push((login.to_owned(), login.to_owned()));
        }
        Field::new(name, label, Kind::Choice { value: login.to_owned(), options })
    }

    fn groups(&self, seen: &Seen) -> Vec<Group> {
        let asked = self.users.is_none().then(|| {
            self.of(
                "CRM chưa cho biết danh sách người dùng: hãy gõ tên đăng nhập.",
                "The CRM did not tell its users: please type the login.",
            )
            .to_owned()
        });
        vec![
            Group {
                legend: self.of("Chuyển dữ liệu", "What is carried over"),
                hint: None,
                fields: vec![
                    self.tick("orders", "Chuyển đơn hàng sang CRM", "Carry orders over to the CRM"),
                    self.tick("customers", "Chuyển khách hàng sang CRM", "Carry customers over to the CRM"),
                    self.tick("auto_approve", "Duyệt đơn ngay khi tạo trong CRM", "Approve orders in the CRM as they are created"),
                ],
            },
            Group {
                legend: self.of("Khách hàng trùng", "Duplicate customers"),
                hint: Some(
                    self.of(
                        "Tích đúng như cài đặt của CRM. Chỉ khi CRM kiểm tra và cấm trùng cả hai, hệ thống mới tìm khách cũ theo số điện thoại rồi email.",
                        "Tick them as they are set in the CRM. Existing customers are looked for by phone, then e-mail, only when the CRM checks and forbids duplicates of both.",
                    )
                    .to_owned(),
                ),
                fields: vec![
                    self.tick("unique_phone", "CRM kiểm tra và cấm trùng số điện thoại", "The CRM checks and forbids duplicate phone numbers"),
                    self.tick("unique_email", "CRM kiểm tra và cấm trùng email", "The CRM checks and forbids duplicate e-mail addresses"),
                ],
            },
            Group {
                legend: self.of("Khách hàng", "Customers"),
                hint: asked.clone(),
                fields: vec![
                    self.person(
                        "default_manager",
                        self.of("Người phụ trách mặc định", "Default person in charge"),
                        &self.entered.default_manager,
                    ),
                    self.line("customer_source", "Nguồn khách hàng", "Customer source"),
                ],
            },
            self.orders(seen),
            self.staff(seen, asked),
            Group {
                legend: self.of("Sản phẩm được tạo khi CRM chưa có", "Products made where the CRM has none"),
                hint: None,
                fields: vec![
                    self.line("unit_name", "Đơn vị tính", "Unit"),
                    self.line("product_category", "Danh mục", "Category"),
                    self.line("product_origin", "Xuất xứ", "Origin"),
                    self.line("product_manufacturer", "Nhà sản xuất", "Manufacturer"),
                ],
            },
            self.technical(),
        ]
    }

    fn orders(&self, seen: &Seen) -> Group {
        let (lang, line) = (
            self.lang,
            self.of(
                "Mỗi dòng: tên ở Haravan = tên ở CRM.",
                "A line each: name at Haravan = name in the CRM.",
            ),
        );
        let hint = |names: &std::collections::BTreeSet<String>| {
            let names: Vec<&str> = names.iter().take(20).map(String::as_str).collect();
            if names.is_empty() {
                line.to_owned()
            } else {
                format!(
                    "{line} {} {}.",
                    lang.of("Thấy trong các đơn gần đây:", "Seen in recent orders:"),
                    names.join(", ")
                )
            }
        };
        let area = |name: &str, label: &str, value: &str, hint: String| {
            Field::new(name, label, Kind::Lines { value: value.to_owned() }).hint(&hint)
        };
        Group {
            legend: self.of("Đơn hàng", "Orders"),
            hint: None,
            fields: vec![
                area(
                    "source_map",
                    self.of("Kênh bán hàng → nguồn đơn hàng", "Sales channel → order source"),
                    &self.entered.source_map,
                    hint(&seen.channels),
                ),
                area(
                    "gateway_map",
                    self.of("Cổng thanh toán → hình thức thanh toán", "Payment gateway → payment method"),
                    &self.entered.gateway_map,
                    hint(&seen.gateways),
                ),
                self.line(
                    "cash_method",
                    "Hình thức thanh toán cho đơn COD",
                    "Payment method for cash on delivery",
                ),
                self.line(
                    "transfer_method",
                    "Hình thức thanh toán cho các đơn khác",
                    "Payment method for everything else",
                ),
                area(
                    "currency_rates",
                    self.of("Tỷ giá ngoại tệ", "Exchange rates"),
                    &self.entered.currency_rates,
                    self.of(
                        "Mỗi dòng: mã tiền = số đồng, ví dụ USD = 25400. Đơn bằng ngoại tệ chưa có tỷ giá được giữ lại chờ bạn.",
                        "A line each: currency = dong, such as USD = 25400. An order in a currency without a rate waits for you.",
                    )
                    .to_owned(),
                ),
                self.tick(
                    "foreign_currency_as_written",
                    "Đơn ngoại tệ chưa có tỷ giá: ghi nguyên số vào CRM, không quy đổi",
                    "Orders in a currency without a rate: write the figures to the CRM as they are",
                ),
            ],
        }
    }

    fn staff(&self, seen: &Seen, asked: Option<String>) -> Group {
        let mut fields: Vec<Field> = self
            .entered
            .staff
            .iter()
            .map(|(id, login)| {
                let name = self.of("Nhân viên Haravan", "Haravan staff");
                let order = id.parse().ok().and_then(|id| seen.staff.get(&id)).and_then(Option::as_ref);
                let label = match order {
                    Some(order) => format!("{name} {id} ({} {order})", self.of("lên đơn", "took order")),
                    None => format!("{name} {id}"),
                };
                self.person(&format!("staff.{id}"), &label, login)
            })
            .collect();
        let (id, login) = &self.entered.other_staff;
        fields.push(Field::new(
            "other_staff_id",
            self.of("Thêm: mã nhân viên Haravan", "Add: Haravan staff id"),
            Kind::Line { value: id.clone() },
        ));
        fields.push(self.person(
            "other_staff_login",
            self.of("Thêm: người dùng CRM", "Add: CRM user"),
            login,
        ));
        let why = self.of(
            "Không cần điền nếu email nhân viên ở Haravan trùng email người dùng CRM và Haravan cho biết email.",
            "Not needed where the e-mail at Haravan is that of the CRM user and Haravan tells it.",
        );
        let hint = asked.map_or_else(|| why.to_owned(), |asked| format!("{why} {asked}"));
        Group {
            legend: self.of("Người phụ trách đơn hàng", "Who is responsible for an order"),
            hint: Some(hint),
            fields,
        }
    }

    fn technical(&self) -> Group {
        let modes = [
            ("form_post", self.of("Biểu mẫu (Haravan khuyên dùng)", "By form (what Haravan recommends)")),
            ("query", self.of("Chuyển hướng", "By redirect")),
        ];
        let kind = Kind::Choice {
            value: self.entered.response_mode.clone(),
            options: modes.map(|(word, label)| (word.to_owned(), label.to_owned())).into(),
        };
        Group {
            legend: self.of("Kỹ thuật", "Technical"),
            hint: None,
            fields: vec![
                self.line(
                    "writes_per_second",
                    "Số lần ghi vào CRM mỗi giây, tối đa",
                    "CRM writes per second, at most",
                )
                .hint(self.of(
                    "Giảm xuống nếu CRM báo quá nhiều yêu cầu.",
                    "Lower it when the CRM says there are too many requests.",
                )),
                Field::new(
                    "response_mode",
                    self.of("Haravan trả lời đăng nhập", "How Haravan answers a login"),
                    kind,
                ),
            ],
        }
    }
}
