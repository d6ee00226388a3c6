//! The `fields` parameter: names with modifiers (`picture.type(large)`) and sub-fields (`picture{url}`).

use crate::facebook::error::GraphError;

/// One field asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// Everything behind the name.
    pub(super) modifier: String,
}

/// The fields of a text, or those usual for the node when there is none. What the node does not have is refused.
pub(super) fn read(
    text: Option<&str>,
    usual: &[&str],
    known: &[&str],
    node: &str,
) -> Result<Vec<Field>, GraphError> {
    let usual = usual.join(",");
    let fields: Vec<_> = split(text.unwrap_or(&usual)).map(field).collect();
    match fields.iter().find(|field| !known.contains(&field.name.as_str())) {
        None => Ok(fields),
        Some(field) => Err(GraphError::new(
            100,
            format!("(#100) Tried accessing nonexisting field ({}) on node type ({node})", field.name),
        )),
    }
}

/// The pieces between commas that stand in no bracket.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let pieces = text.split(move |character| {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    });
    pieces.map(str::trim).filter(|piece| !piece.is_empty())
}

fn field(piece: &str) -> Field {
    let end = piece.find(['.', '{', '(']).unwrap_or(piece.len());
    let (name, modifier) = piece.split_at(end);
    Field { name: name.to_owned(), modifier: modifier.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_and_sub_fields_belong_to_their_field() {
        let fields =
            read(Some("id, picture.type(large){url,width},name"), &[], &["id", "name", "picture"], "Page")
                .unwrap();
        let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "picture", "name"]);
        assert_eq!(fields[1].modifier, ".type(large){url,width}");
    }
}
