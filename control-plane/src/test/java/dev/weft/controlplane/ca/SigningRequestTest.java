package dev.weft.controlplane.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weft.controlplane.auth.PodIdentity;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Random;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;

class SigningRequestTest {
    private static final PodIdentity CALLER = new PodIdentity("shop", "cart-7", "uid-7", "cart");
    private static final String OWN_ID = "spiffe://mesh.example/ns/shop/sa/cart";

    private final KeyPair pair = TestRoot.p256();

    @Test
    void grants_a_request_that_asks_for_nothing() throws Exception {
        var verdict = judge(csr(pair, "", "SHA256withECDSA"));

        assertThat(verdict).isEqualTo(new SigningRequest.Granted(pair.getPublic()));
    }

    @Test
    void grants_a_request_for_the_callers_own_subject_and_id() throws Exception {
        var verdict =
                judge(
                        csr(
                                pair,
                                "CN=cart-7,OU=shop,SERIALNUMBER=uid-7",
                                "SHA256withECDSA",
                                uri(OWN_ID)));

        assertThat(verdict).isInstanceOf(SigningRequest.Granted.class);
    }

    @Test
    void denies_another_service_accounts_id() throws Exception {
        denied(
                judge(
                        csr(
                                pair,
                                "",
                                "SHA256withECDSA",
                                uri("spiffe://mesh.example/ns/shop/sa/admin"))),
                "sa/admin");
    }

    @Test
    void denies_the_same_id_in_another_trust_domain() throws Exception {
        denied(
                judge(csr(pair, "", "SHA256withECDSA", uri("spiffe://other/ns/shop/sa/cart"))),
                "spiffe://other");
    }

    @Test
    void denies_a_foreign_id_that_hides_behind_the_own_one() throws Exception {
        denied(
                judge(
                        csr(
                                pair,
                                "",
                                "SHA256withECDSA",
                                uri(OWN_ID),
                                uri("spiffe://mesh.example/ns/bank/sa/till"))),
                "ns/bank");
    }

    @Test
    void denies_a_dns_name_even_one_of_the_control_plane() throws Exception {
        var name = new GeneralName(GeneralName.dNSName, "weft-control-plane-0-2-0.weft-system.svc");

        denied(judge(csr(pair, "", "SHA256withECDSA", name)), "weft-control-plane-0-2-0");
    }

    @Test
    void denies_the_own_id_as_another_kind_of_name() throws Exception {
        denied(
                judge(
                        csr(
                                pair,
                                "",
                                "SHA256withECDSA",
                                new GeneralName(GeneralName.dNSName, OWN_ID))),
                OWN_ID);
    }

    @Test
    void denies_another_pods_subject() throws Exception {
        denied(judge(csr(pair, "CN=bank-1,OU=shop", "SHA256withECDSA")), "CN=bank-1");
    }

    @Test
    void denies_a_second_common_name() throws Exception {
        denied(judge(csr(pair, "CN=cart-7+CN=bank-1", "SHA256withECDSA")), "bank-1");
    }

    @Test
    void denies_an_attribute_of_the_subject_that_no_certificate_here_has() throws Exception {
        denied(judge(csr(pair, "CN=cart-7,O=system:masters", "SHA256withECDSA")), "system:masters");
    }

    @Test
    void denies_to_make_a_certificate_authority() throws Exception {
        var extensions = new ExtensionsGenerator();
        extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));

        denied(judge(csr(pair, "", "SHA256withECDSA", extensions)), "a certificate authority");
    }

    @Test
    void refuses_a_request_that_was_not_signed_by_its_own_key() throws Exception {
        var stolen = new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic());
        var signer =
                new JcaContentSignerBuilder("SHA256withECDSA").build(TestRoot.p256().getPrivate());

        malformed(
                judge(stolen.build(signer).getEncoded()), "the signature of the request is wrong");
    }

    @Test
    void refuses_a_request_that_was_changed_after_signing() throws Exception {
        var der = csr(pair, "CN=cart-7", "SHA256withECDSA");
        var at = new String(der, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("cart-7");
        der[at + 5] = '8';

        malformed(judge(der), "the signature of the request is wrong");
    }

    @Test
    void refuses_keys_that_are_not_on_p256() throws Exception {
        var rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);

        malformed(
                judge(csr(TestRoot.ec("secp384r1"), "", "SHA256withECDSA")), "not ECDSA on P-256");
        malformed(judge(csr(rsa.generateKeyPair(), "", "SHA256withRSA")), "not ECDSA on P-256");
    }

    @Test
    void refuses_a_request_signed_with_sha1() throws Exception {
        malformed(judge(csr(pair, "", "SHA1withECDSA")), "sign it by ECDSA with SHA-256");
    }

    @Test
    void refuses_what_is_longer_than_any_honest_request() {
        malformed(judge(new byte[SigningRequest.MAX_BYTES + 1]), "8193 bytes");
    }

    @Test
    void never_grants_and_never_throws_for_a_request_with_any_bytes_changed() throws Exception {
        var random = new Random(20_260_101);
        var good = csr(pair, "CN=cart-7", "SHA256withECDSA", uri(OWN_ID));

        for (var round = 0; round < 2_000; round++) {
            var bad = good.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 + random.nextInt(255));
            var verdict = judge(bad);

            // Unused bits and alternative encodings of the outer frame do not touch what is signed.
            if (verdict instanceof SigningRequest.Granted(var key)) {
                assertThat(key).isEqualTo(pair.getPublic());
            }
        }
        malformed(judge(new byte[0]), "no PKCS#10");
        malformed(
                judge("hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII)), "no PKCS#10");
    }

    private static SigningRequest judge(byte[] der) {
        return SigningRequest.judge(der, CALLER, "mesh.example");
    }

    private static void denied(SigningRequest verdict, String word) {
        assertThat(verdict)
                .asInstanceOf(type(SigningRequest.Denied.class))
                .extracting(SigningRequest.Denied::why)
                .asString()
                .startsWith("a CSR for somebody else's identity: ")
                .contains(word);
    }

    private static void malformed(SigningRequest verdict, String word) {
        assertThat(verdict)
                .asInstanceOf(type(SigningRequest.Malformed.class))
                .extracting(SigningRequest.Malformed::why)
                .asString()
                .contains(word);
    }

    private static GeneralName uri(String id) {
        return new GeneralName(GeneralName.uniformResourceIdentifier, id);
    }

    private static byte[] csr(KeyPair pair, String subject, String algorithm, GeneralName... names)
            throws Exception {
        var extensions = new ExtensionsGenerator();
        if (names.length > 0) {
            extensions.addExtension(
                    Extension.subjectAlternativeName, false, new GeneralNames(names));
        }
        return csr(pair, subject, algorithm, extensions);
    }

    private static byte[] csr(
            KeyPair pair, String subject, String algorithm, ExtensionsGenerator extensions)
            throws Exception {
        var builder =
                new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), pair.getPublic());
        if (!extensions.isEmpty()) {
            ASN1Encodable asked = extensions.generate();
            builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, asked);
        }
        return builder.build(new JcaContentSignerBuilder(algorithm).build(pair.getPrivate()))
                .getEncoded();
    }
}
