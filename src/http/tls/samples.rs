//! Certificates for the unit tests. Chains of every kind are in the integration tests, next to Python's verdict.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

/// A certificate that can sign others, even without being an authority.
pub(super) type Sample = CertifiedIssuer<'static, KeyPair>;

/// Returns a certificate named `name` for localhost, valid now and without constraints.
pub(super) fn plain(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Returns an authority's certificate.
pub(super) fn authority(name: &str, path_length: Option<u8>) -> CertificateParams {
    let mut params = plain(name);
    params.subject_alt_names.clear();
    params.is_ca =
        IsCa::Ca(path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params
}

/// Makes it expire in 2001.
pub(super) fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_after = date_time_ymd(2001, 1, 1);
    params
}

pub(super) fn self_signed(params: CertificateParams) -> Sample {
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
}

pub(super) fn signed_by(params: CertificateParams, issuer: &Sample) -> Sample {
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::signed_by(params, key, issuer).expect("a certificate")
}
