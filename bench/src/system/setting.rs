//! Variables that the command line sets for one process.

/// A variable for one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub service: String,
    pub name: String,
    pub value: String,
}

impl Setting {
    pub fn new(service: &str, name: &str, value: &str) -> Self {
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }
}

impl std::str::FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(service, rest)| {
            let (name, value) = rest.split_once('=')?;
            Some((service, name, value))
        });
        let (service, name, value) =
            parts.ok_or("SERVICE:NAME=VALUE, such as posts:RUST_LOG=info")?;
        Ok(Self::new(service, name, value))
    }
}
