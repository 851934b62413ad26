/// The mesh's certificate authority: enter at [CertificateAuthority].
///
/// A request is read by [SigningRequest], which also says whether the caller may have it;
/// [LeafIssuer] makes the certificate. Keys of workloads never come here. The control plane's own
/// [ServingCertificate] has the same root.
@NullMarked
package dev.weft.controlplane.ca;

import org.jspecify.annotations.NullMarked;
