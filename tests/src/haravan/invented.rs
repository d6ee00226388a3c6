//! Invented people, streets and products. The province, district and ward names are real places written the way
//! haravan.md §3.3 writes them; nobody lives at these addresses.

use fastrand::Rng;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

/// `(name, code)` of a province, a district and a ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    pub province: (&'static str, &'static str),
    pub district: (&'static str, &'static str),
    pub ward: (&'static str, &'static str),
}

impl<'de> Deserialize<'de> for Place {
    /// Finds the place by its ward.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            ward: (String, String),
        }
        let ward = Written::deserialize(from)?.ward;
        let found = PLACES.iter().find(|place| (place.ward.0, place.ward.1) == (&*ward.0, &*ward.1));
        found.copied().ok_or_else(|| D::Error::custom(format!("{ward:?} is no ward of the list")))
    }
}

/// A product of the catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Product {
    pub title: &'static str,
    pub kind: &'static str,
    pub sku: &'static str,
    pub grams: u32,
    pub price: i64,
    pub variants: &'static [&'static str],
}

/// One of `list`; the type's default should the list be empty.
pub(super) fn pick<T: Copy + Default>(rng: &mut Rng, list: &[T]) -> T {
    if list.is_empty() {
        return T::default();
    }
    list.get(rng.usize(..list.len())).copied().unwrap_or_default()
}

pub(super) const FAMILY: &[&str] = &[
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
    "Dương", "Lý", "Đinh", "Trương", "Mai", "Tạ", "Lâm", "Quách", "Thái", "Châu", "Tô", "Đoàn", "Lương",
    "Cao",
];
pub(super) const MIDDLE_FEMALE: &[&str] = &[
    "Thị", "Ngọc", "Thu", "Thanh", "Minh", "Bích", "Kim", "Mỹ", "Hồng", "Phương", "Diệu", "Khánh", "Thùy",
    "Cẩm", "Hoài", "Quỳnh",
];
pub(super) const MIDDLE_MALE: &[&str] = &[
    "Văn", "Đăng", "Quang", "Hữu", "Minh", "Đức", "Gia", "Thành", "Công", "Xuân", "Bá", "Tuấn", "Trọng",
    "Anh", "Hoàng", "Nhật",
];
pub(super) const GIVEN_FEMALE: &[&str] = &[
    "Thảo",
    "Mai",
    "Lan",
    "Hương",
    "Trang",
    "Ngân",
    "Yến",
    "Nhung",
    "Hạnh",
    "Vy",
    "Trâm",
    "Thư",
    "Ngọc",
    "Linh",
    "Phượng",
    "Châu",
    "Uyên",
    "Oanh",
    "Hiền",
    "Giang",
    "My",
    "Thủy",
    "Quyên",
    "Tuyết",
    "Loan",
];
pub(super) const GIVEN_MALE: &[&str] = &[
    "Khoa", "Nam", "Hùng", "Dũng", "Phúc", "Tài", "Long", "Bảo", "Khang", "Thịnh", "Đạt", "Huy", "Tùng",
    "Sơn", "Hải", "Quân", "Kiệt", "Phát", "Vinh", "Toàn", "Trí", "Nghĩa", "Lộc", "Duy", "Thắng",
];
pub(super) const STREETS: &[&str] = &[
    "Nguyễn Thái Bình",
    "Trần Hưng Đạo",
    "Lý Thường Kiệt",
    "Lê Lợi",
    "Nguyễn Huệ",
    "Hai Bà Trưng",
    "Điện Biên Phủ",
    "Cách Mạng Tháng Tám",
    "Phan Xích Long",
    "Nguyễn Văn Cừ",
    "Hoàng Hoa Thám",
    "Võ Thị Sáu",
    "Trường Chinh",
    "Lạc Long Quân",
    "Ngô Gia Tự",
    "Phạm Ngũ Lão",
    "Bạch Đằng",
    "Hùng Vương",
    "Quang Trung",
    "Lê Văn Sỹ",
    "Nguyễn Trãi",
    "Tôn Đức Thắng",
    "Đinh Tiên Hoàng",
    "Phan Đình Phùng",
    "Xô Viết Nghệ Tĩnh",
    "Nguyễn Oanh",
    "Tô Hiến Thành",
    "Thành Thái",
];
pub(super) const NOTES: &[&str] = &[
    "Giao giờ hành chính, gọi trước 15 phút",
    "Gói quà giúp em nhé",
    "Giao sau 18h",
    "Để ở bảo vệ",
    "Cho xem hàng trước khi nhận",
    "Xuất hóa đơn công ty",
    "Giao gấp trong ngày",
    "Không gọi buổi trưa",
    "Khách quen, tặng kèm mẫu thử",
    "Gửi chung với đơn trước",
    "Đổi màu nếu hết hàng",
    "Kèm thiệp chúc mừng sinh nhật",
];
pub(super) const TAGS: &[&str] = &["si", "vip", "lead", "facebook", "zalo", "hội chợ", "khách cũ", "đối tác"];
pub(super) const PROMOTIONS: &[&str] =
    &["Khuyến mãi khai trương", "Giảm giá cuối tuần", "Flash sale 12.12", "Ưu đãi khách thân thiết"];
pub(super) const MARKETPLACES: &[&str] = &["shopee", "lazada", "tiktokshop", "tiki"];
pub(super) const WORDS: &[&str] = &[
    "giao", "hàng", "tận", "nơi", "sổ", "tay", "lá", "sen", "hộp", "quà", "khách", "gọi", "trước", "phút",
    "thanh", "toán", "chi", "nhánh", "kho", "quận", "đơn", "mẫu", "màu", "xanh", "rêu", "vàng", "bút", "gỗ",
];

const HCM: (&str, &str) = ("Hồ Chí Minh", "HC");
const HANOI: (&str, &str) = ("Hà Nội", "HI");
const DANANG: (&str, &str) = ("Đà Nẵng", "DA");
const CANTHO: (&str, &str) = ("Cần Thơ", "CN");
const HAIPHONG: (&str, &str) = ("Hải Phòng", "HP");

const fn place(
    province: (&'static str, &'static str),
    district: (&'static str, &'static str),
    ward: (&'static str, &'static str),
) -> Place {
    Place { province, district, ward }
}

/// Where people live.
pub(super) const PLACES: &[Place] = &[
    HOME,
    place(HCM, ("Quận 1", "HC466"), ("Phường Cầu Ông Lãnh", "26752")),
    place(HCM, ("Quận 1", "HC466"), ("Phường Bến Nghé", "26740")),
    place(HCM, ("Quận 11", "HC476"), ("Phường 15", "27208")),
    place(HCM, ("Quận Phú Nhuận", "HC481"), ("Phường 03", "27055")),
    place(HCM, ("Quận Bình Thạnh", "HC479"), ("Phường 25", "26914")),
    place(HCM, ("Quận Gò Vấp", "HC478"), ("Phường 10", "26884")),
    place(HCM, ("Quận 7", "HC472"), ("Phường Tân Phong", "27487")),
    place(HCM, ("Thành phố Thủ Đức", "HC489"), ("Phường Hiệp Bình Chánh", "26812")),
    place(HANOI, ("Quận Ba Đình", "HI01"), ("Phường Ngọc Hà", "00016")),
    place(HANOI, ("Quận Hoàn Kiếm", "HI02"), ("Phường Hàng Bạc", "00055")),
    place(HANOI, ("Quận Cầu Giấy", "HI05"), ("Phường Dịch Vọng", "00160")),
    place(HANOI, ("Quận Đống Đa", "HI06"), ("Phường Láng Hạ", "00199")),
    place(HANOI, ("Quận Hà Đông", "HI10"), ("Phường Mộ Lao", "09538")),
    place(DANANG, ("Quận Hải Châu", "DA362"), ("Phường Thạch Thang", "20227")),
    place(DANANG, ("Quận Sơn Trà", "DA364"), ("Phường An Hải Bắc", "20275")),
    place(CANTHO, ("Quận Ninh Kiều", "CN575"), ("Phường Xuân Khánh", "31147")),
    place(HAIPHONG, ("Quận Lê Chân", "HP260"), ("Phường Dư Hàng", "11386")),
    place(("Bình Dương", "BD"), ("Thành phố Thủ Dầu Một", "BD440"), ("Phường Phú Cường", "25747")),
    place(("Đồng Nai", "DN"), ("Thành phố Biên Hòa", "DN449"), ("Phường Quyết Thắng", "26011")),
    place(("Khánh Hòa", "KH"), ("Thành phố Nha Trang", "KH375"), ("Phường Lộc Thọ", "22372")),
    place(("Lâm Đồng", "LD"), ("Thành phố Đà Lạt", "LD425"), ("Phường 2", "24778")),
    place(("Nghệ An", "NA"), ("Thành phố Vinh", "NA265"), ("Phường Hưng Bình", "16672")),
    place(("Quảng Ninh", "QN"), ("Thành phố Hạ Long", "QN150"), ("Phường Bãi Cháy", "06658")),
    place(("Thanh Hóa", "TH"), ("Huyện Hoằng Hóa", "TH250"), ("Thị trấn Bút Sơn", "15865")),
];

/// The place used where a list could be empty.
pub(super) const HOME: Place = place(HCM, ("Quận 1", "HC466"), ("Phường Nguyễn Thái Bình", "26746"));

/// What the shop sells.
pub(super) const PRODUCTS: &[Product] = &[
    product(
        "Sổ tay bìa vải Lá Sen",
        "Văn phòng phẩm",
        "ST-LS",
        350,
        89_000,
        &["A5 / Xanh rêu", "A5 / Nâu đất", "A6 / Kem"],
    ),
    product("Bút gỗ khắc tên", "Quà tặng", "BG-OC", 60, 165_000, &["Gỗ óc chó", "Gỗ trắc", "Gỗ mun"]),
    product("Bộ quà Tết Sen Vàng", "Quà tặng", "BQ-SV", 1800, 420_000, &["Hộp 6 món", "Hộp 9 món"]),
    product("Trà ô long Cầu Đất", "Đồ uống", "TR-OL", 220, 135_000, &["Hộp 100 g", "Hộp 200 g"]),
    product(
        "Cà phê rang mộc",
        "Đồ uống",
        "CF-RM",
        550,
        178_000,
        &["Hạt / 500 g", "Bột / 500 g", "Hạt / 250 g"],
    ),
    product(
        "Nến thơm sáp đậu nành",
        "Trang trí",
        "NT-DN",
        400,
        210_000,
        &["Sả chanh", "Oải hương", "Quế hồi"],
    ),
    product("Túi vải canvas in thủ công", "Phụ kiện", "TV-CV", 180, 99_000, &["Trắng", "Xanh chàm"]),
    product("Khăn lụa Vạn Phúc", "Thời trang", "KL-VP", 120, 385_000, &["Hoa mẫu đơn", "Chim hạc"]),
    product(
        "Áo dài cách tân",
        "Thời trang",
        "AD-CT",
        600,
        890_000,
        &["S / Đỏ đô", "M / Đỏ đô", "L / Xanh ngọc"],
    ),
    product("Bình gốm Bát Tràng", "Trang trí", "BG-BT", 1450, 560_000, &["Men lam", "Men rạn"]),
    product("Hộp bánh trung thu", "Bánh kẹo", "BT-TT", 950, 480_000, &["4 bánh", "6 bánh"]),
    product("Mứt dừa Bến Tre", "Bánh kẹo", "MD-BT", 330, 65_000, &["Truyền thống", "Lá dứa", "Ca cao"]),
    product("Nước mắm nhĩ Phú Quốc", "Thực phẩm", "NM-PQ", 780, 120_000, &["Chai 500 ml", "Chai 250 ml"]),
    product("Mật ong rừng U Minh", "Thực phẩm", "MO-UM", 700, 245_000, &["500 ml", "1 lít"]),
    product("Hạt điều rang muối", "Thực phẩm", "HD-RM", 500, 189_000, &["Hũ 500 g", "Túi 250 g"]),
    product("Kem chống nắng dịu nhẹ", "Mỹ phẩm", "KC-DN", 90, 315_000, &["Da dầu", "Da khô"]),
    product("Son dưỡng gấc", "Mỹ phẩm", "SD-GC", 20, 79_000, &["Default Title"]),
    product("Xà phòng nghệ thủ công", "Mỹ phẩm", "XP-NG", 110, 55_000, &["Default Title"]),
    product("Ấm trà tử sa", "Gia dụng", "AT-TS", 620, 750_000, &["180 ml", "250 ml"]),
    product("Thớt gỗ me tây", "Gia dụng", "TG-MT", 1900, 230_000, &["30 cm", "36 cm"]),
    product(
        "Đèn lồng Hội An",
        "Trang trí",
        "DL-HA",
        300,
        140_000,
        &["Đỏ / 25 cm", "Vàng / 25 cm", "Tím / 35 cm"],
    ),
    product("Thẻ quà tặng Hạt Mầm", "Thẻ quà", "TQ-HM", 0, 500_000, &["Default Title"]),
    product(
        "Giày vải cổ thấp",
        "Thời trang",
        "GV-CT",
        850,
        395_000,
        &["38 / Trắng", "39 / Trắng", "41 / Đen"],
    ),
    product("Balo chống nước", "Phụ kiện", "BL-CN", 1100, 649_000, &["Đen", "Xám khói"]),
];

const fn product(
    title: &'static str,
    kind: &'static str,
    sku: &'static str,
    grams: u32,
    price: i64,
    variants: &'static [&'static str],
) -> Product {
    Product { title, kind, sku, grams, price, variants }
}

/// Lower-case ASCII letters and digits of a Vietnamese text: `Đăng Khoa` → `dangkhoa`.
pub(super) fn ascii(text: &str) -> String {
    text.nfd()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'đ' { 'd' } else { letter })
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

/// A name as marketplaces mask it: `N******n` (haravan.md §3.4).
pub(super) fn masked(name: &str) -> String {
    let plain = ascii(name);
    let first = plain.chars().next().unwrap_or('n').to_ascii_uppercase();
    let last = plain.chars().next_back().unwrap_or('n');
    format!("{first}******{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_marks_in_addresses() {
        assert_eq!(ascii("Đặng Thị Thảo"), "dangthithao");
        assert_eq!(masked("Nguyễn"), "N******n");
    }
}
