//! `cargo xtask keys DIR`: an RSA key pair for development and for `docker compose`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use clap::ValueEnum;
use pem::{EncodeConfig, LineEnding, Pem};

use registry::failure::{Failure, Result};

pub const PRIVATE: &str = "jwt-private.pem";
pub const PUBLIC: &str = "jwt-public.pem";

/// Bits of the modulus. RFC 7518, section 3.3: at least 2048.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Bits {
    #[value(name = "2048")]
    B2048,
    #[value(name = "3072")]
    B3072,
    #[value(name = "4096")]
    B4096,
}

/// Writes `jwt-private.pem` (PKCS #8) and `jwt-public.pem` (SubjectPublicKeyInfo) into the folder, readable for the
/// owner only. Files that are there stay as they are, and the command fails.
pub fn run(folder: &Path, bits: Bits) -> Result<()> {
    let (private, public) = generate(bits)?;
    fs::create_dir_all(folder).map_err(|e| Failure::file("create", folder, &e))?;
    let files = [
        (folder.join(PRIVATE), private),
        (folder.join(PUBLIC), public),
    ];
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(exists(path));
    }
    for (path, pem) in &files {
        write_new(path, pem)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// A private and a public key, as PEM.
fn generate(bits: Bits) -> Result<(String, String)> {
    let size = match bits {
        Bits::B2048 => KeySize::Rsa2048,
        Bits::B3072 => KeySize::Rsa3072,
        Bits::B4096 => KeySize::Rsa4096,
    };
    let failed = |_| Failure::new("the key pair could not be generated");
    let pair = KeyPair::generate(size).map_err(failed)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(failed)?;
    Ok((
        pem("PRIVATE KEY", private.as_ref()),
        pem("PUBLIC KEY", public.as_ref()),
    ))
}

fn pem(label: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, der), config)
}

fn write_new(path: &PathBuf, text: &str) -> Result<()> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Err(exists(path)),
        Err(e) => return Err(Failure::file("create", path, &e)),
    };
    file.write_all(text.as_bytes())
        .map_err(|e| Failure::file("write", path, &e))
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!(
        "{} is there already, and a key in use is not overwritten: choose another folder or remove it first",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_files_are_pem_for_the_owner_only_and_are_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new");
        run(&target, Bits::B2048).unwrap();
        let private = fs::read_to_string(target.join(PRIVATE)).unwrap();
        assert!(
            private.starts_with("-----BEGIN PRIVATE KEY-----\nMII"),
            "{private}"
        );
        assert!(private.ends_with("\n-----END PRIVATE KEY-----\n"));
        assert!(private.lines().all(|line| line.len() <= 64));
        for name in [PRIVATE, PUBLIC] {
            let mode = fs::metadata(target.join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let again = run(&target, Bits::B2048).unwrap_err().to_string();
        assert!(again.contains("is there already"), "{again}");
        assert_eq!(fs::read_to_string(target.join(PRIVATE)).unwrap(), private);
    }

    #[test]
    fn the_public_file_is_the_public_half_of_the_private_one() {
        let (private, public) = generate(Bits::B2048).unwrap();
        let der = |text: &str| pem::parse(text).unwrap().into_contents();
        let pair = KeyPair::from_pkcs8(&der(&private)).unwrap();
        let expected: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(der(&public), expected.as_ref());
    }
}
