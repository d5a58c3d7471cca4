//! Posters 海报: an A4 page with a QR code, and forms 单据: one with names and values, as SVG. It prints sharp at any size, and no font is needed on the server.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header;
use qrcodegen::{QrCode, QrCodeEcc};
use unionhall_kernel::Problem;

/// The side of the code, millimetres.
const SIDE: f64 = 120.0;
/// Light modules around a code (ISO/IEC 18004).
const QUIET: i32 = 4;
/// The widest line, millimetres.
const LINE: f64 = 180.0;

const A4: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" height=\"297mm\" viewBox=\"0 0 210 297\">\n\
                  <rect width=\"210\" height=\"297\" fill=\"#fff\"/>\n";

/// What a poster says.
#[derive(Debug)]
pub struct Poster<'a> {
    /// Above everything, large.
    pub title: &'a str,
    /// Beneath it.
    pub subtitle: &'a str,
    /// What the code holds: a link.
    pub link: &'a str,
    /// Beneath the code: what to do.
    pub call: &'a str,
    /// At the foot, small: what can be typed instead.
    pub foot: &'a str,
}

impl Poster<'_> {
    /// The page, A4 portrait.
    ///
    /// # Errors
    /// `INTERNAL` for a link too long for a code, which none of ours is.
    pub fn svg(&self) -> Result<String, Problem> {
        // A quarter of the code may be dirty or torn.
        let code = QrCode::encode_text(self.link, QrCodeEcc::Quartile)?;
        let modules = code.size() + 2 * QUIET;
        let mut dark = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                let _ = write!(dark, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
        let mut out = String::from(A4);
        line(&mut out, self.title, 48.0, 14.0);
        line(&mut out, self.subtitle, 70.0, 9.0);
        let scale = SIDE / f64::from(modules);
        let _ = writeln!(
            out,
            "<path transform=\"translate(45 88) scale({scale:.6})\" fill=\"#000\" d=\"{dark}\"/>"
        );
        line(&mut out, self.call, 226.0, 10.0);
        line(&mut out, self.foot, 250.0, 6.0);
        out.push_str("</svg>\n");
        Ok(out)
    }

    /// The page as an answer.
    ///
    /// # Errors
    /// As [`Poster::svg`].
    pub fn respond(&self) -> Result<HttpResponse, Problem> {
        Ok(answer(self.svg()?))
    }
}

/// A page of names and values with a line to sign on.
#[derive(Debug)]
pub struct Form {
    /// Above everything, large.
    pub title: String,
    /// Beneath it.
    pub subtitle: String,
    /// Names with their values, at most some twenty.
    pub rows: Vec<(String, String)>,
    /// Before the line for a pen.
    pub sign: String,
    /// At the foot, small.
    pub foot: String,
}

impl Form {
    /// The page, A4 portrait.
    pub fn svg(&self) -> String {
        let mut out = String::from(A4);
        line(&mut out, &self.title, 32.0, 11.0);
        line(&mut out, &self.subtitle, 48.0, 7.0);
        for ((name, value), n) in self.rows.iter().zip(0u16..) {
            let y = 66.0 + 9.0 * f64::from(n);
            part(&mut out, name, (25.0, y), "start", 5.0, 70.0);
            part(&mut out, value, (185.0, y), "end", 5.0, 85.0);
            let rule = y + 2.6;
            let _ = writeln!(
                out,
                "<path d=\"M25 {rule}H185\" stroke=\"#999\" stroke-width=\"0.2\" fill=\"none\"/>"
            );
        }
        part(&mut out, &self.sign, (25.0, 268.0), "start", 5.5, 60.0);
        out.push_str("<path d=\"M85 269H185\" stroke=\"#000\" stroke-width=\"0.3\" fill=\"none\"/>\n");
        line(&mut out, &self.foot, 285.0, 4.0);
        out.push_str("</svg>\n");
        out
    }

    /// The page as an answer.
    pub fn respond(&self) -> HttpResponse {
        answer(self.svg())
    }
}

fn answer(svg: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/svg+xml; charset=utf-8")
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // An SVG opened by itself is a page: it may show and do nothing else.
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(svg)
}

// Chinese characters are as wide as high, others about half: a long line is set smaller, so that it fits the page.
fn line(out: &mut String, text: &str, y: f64, size: f64) {
    part(out, text, (105.0, y), "middle", size, LINE);
}

fn part(out: &mut String, text: &str, (x, y): (f64, f64), anchor: &str, size: f64, widest: f64) {
    let ems: f64 = text.chars().map(|c| if c.is_ascii() { 0.6 } else { 1.0 }).sum();
    let size = size.min(widest / ems.max(1.0));
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size:.2}\" text-anchor=\"{anchor}\" \
         font-family=\"'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif\">{}</text>",
        escaped(text)
    );
}

/// Text that stands for itself in XML and HTML; control characters are blanks.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_a_long_one_fits() {
        let long = "河南省".repeat(30);
        let title = format!("<script>alert('{long}')</script>&");
        let poster = Poster { title: &title, subtitle: "", link: "https://x/b/1", call: "", foot: "\u{1}" };
        let svg = poster.svg().unwrap();
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"));
        assert!(!svg.contains('\u{1}'));
        let size: f64 = svg.split("font-size=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        assert!(size * 90.0 <= LINE, "{size}");
    }

    #[test]
    fn a_form_shows_every_row_as_text_and_ends_above_the_line_for_a_pen() {
        let rows = (0..20).map(|n| (format!("行{n}<"), "1&2".repeat(40))).collect();
        let form = Form {
            title: "单".into(),
            subtitle: "<b>".into(),
            rows,
            sign: "签字：".into(),
            foot: String::new(),
        };
        let svg = form.svg();
        assert!(!svg.contains("<b>") && svg.contains("行19&lt;") && svg.contains("1&amp;2"));
        let rules = svg.split("M25 ").skip(1).filter_map(|rest| rest.split('H').next()?.parse::<f64>().ok());
        assert!(rules.fold(0.0, f64::max) < 260.0);
    }
}
