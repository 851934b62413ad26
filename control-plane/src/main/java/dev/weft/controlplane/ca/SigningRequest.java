package dev.weft.controlplane.ca;

import dev.weft.controlplane.auth.PodIdentity;
import java.io.IOException;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/// What became of a request for a certificate.
sealed interface SigningRequest {
    /// Ten times what a P-256 request with two names needs.
    int MAX_BYTES = 8 * 1024;

    /// The caller holds the private key of this public key and asked for nothing that is not its
    /// own.
    record Granted(PublicKey key) implements SigningRequest {}

    /// It is no request that can be read, or not of the kind that is signed here.
    record Malformed(String why) implements SigningRequest {}

    /// It asks for what the caller is not.
    record Denied(String why) implements SigningRequest {}

    /// Judges a PKCS#10 request in DER. What it asks for may be left out; where it is there it must
    /// be the caller's own.
    static SigningRequest judge(byte[] der, PodIdentity caller, String trustDomain) {
        if (der.length > MAX_BYTES) {
            return new Malformed(
                    "the request has " + der.length + " bytes, more than " + MAX_BYTES + ".");
        }
        try {
            var csr = new JcaPKCS10CertificationRequest(der);
            var weak = weakness(csr);
            if (weak.isPresent()) {
                return new Malformed(weak.get());
            }
            var key = csr.getPublicKey();
            if (!csr.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                return new Malformed(
                        "the signature of the request is wrong: sign it with the private key that belongs to its public key.");
            }
            return foreign(csr, caller, trustDomain)
                    .<SigningRequest>map(Denied::new)
                    .orElseGet(() -> new Granted(key));
        } catch (IOException
                | PKCSException
                | OperatorCreationException
                | InvalidKeyException
                | NoSuchAlgorithmException
                | RuntimeException e) {
            // Bouncy Castle tells of bad ASN.1 by whatever exception is nearest.
            return new Malformed(
                    "the request is no PKCS#10 certification request in DER: " + e.getMessage());
        }
    }

    private static Optional<String> weakness(JcaPKCS10CertificationRequest csr) {
        var algorithm = csr.getSubjectPublicKeyInfo().getAlgorithm();
        if (!X9ObjectIdentifiers.id_ecPublicKey.equals(algorithm.getAlgorithm())
                || !SECObjectIdentifiers.secp256r1.equals(algorithm.getParameters())) {
            return Optional.of("the key is not ECDSA on P-256, the one kind that this mesh signs.");
        }
        var signature = csr.getSignatureAlgorithm().getAlgorithm();
        if (!Signatures.ACCEPTED.contains(signature)) {
            return Optional.of(
                    "the request is signed by " + signature + ": sign it by ECDSA with SHA-256.");
        }
        return Optional.empty();
    }

    private static Optional<String> foreign(
            JcaPKCS10CertificationRequest csr, PodIdentity caller, String trustDomain) {
        return foreignSubject(csr.getSubject(), caller)
                .or(() -> foreignExtension(csr, caller, trustDomain))
                .map(what -> "a CSR for somebody else's identity: it asks for " + what);
    }

    private static Optional<String> foreignSubject(X500Name subject, PodIdentity caller) {
        var own =
                Map.of(
                        BCStyle.CN, caller.pod(),
                        BCStyle.OU, caller.namespace(),
                        BCStyle.SERIALNUMBER, caller.uid());
        for (var rdn : subject.getRDNs()) {
            for (var part : rdn.getTypesAndValues()) {
                var asked = part.getValue() instanceof ASN1String text ? text.getString() : "";
                if (!asked.equals(own.get(part.getType()))) {
                    return Optional.of(
                            "subject "
                                    + printable(subject.toString())
                                    + ", but the caller is pod "
                                    + caller.pod()
                                    + " of namespace "
                                    + caller.namespace()
                                    + "; leave the subject empty.");
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> foreignExtension(
            JcaPKCS10CertificationRequest csr, PodIdentity caller, String trustDomain) {
        for (var attribute : csr.getAttributes(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest)) {
            for (var value : attribute.getAttrValues()) {
                var foreign =
                        foreignIn(Extensions.getInstance(value), caller.spiffeId(trustDomain));
                if (foreign.isPresent()) {
                    return foreign;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> foreignIn(Extensions asked, String ownId) {
        var constraints = BasicConstraints.fromExtensions(asked);
        if (constraints != null && constraints.isCA()) {
            return Optional.of("a certificate authority.");
        }
        var names = GeneralNames.fromExtensions(asked, Extension.subjectAlternativeName);
        if (names == null) {
            return Optional.empty();
        }
        for (var name : names.getNames()) {
            var own =
                    name.getTagNo() == GeneralName.uniformResourceIdentifier
                            && name.getName().toString().equals(ownId);
            if (!own) {
                return Optional.of(
                        printable(name.getName().toString())
                                + ", but the caller is "
                                + ownId
                                + ".");
            }
        }
        return Optional.empty();
    }

    /// What a caller wrote goes into logs and messages: short, and without control characters.
    private static String printable(String text) {
        var cleaned = text.replaceAll("\\p{Cntrl}", "?");
        return cleaned.length() <= 200 ? cleaned : cleaned.substring(0, 200) + "…";
    }

    /// Holds the set away from the interface's public constants.
    final class Signatures {
        static final Set<ASN1ObjectIdentifier> ACCEPTED =
                Set.of(
                        X9ObjectIdentifiers.ecdsa_with_SHA256,
                        X9ObjectIdentifiers.ecdsa_with_SHA384,
                        X9ObjectIdentifiers.ecdsa_with_SHA512);

        private Signatures() {}
    }
}
