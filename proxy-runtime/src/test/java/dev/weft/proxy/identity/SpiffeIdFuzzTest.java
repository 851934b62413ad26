package dev.weft.proxy.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// An id that is taken for one can be written into a header, a log line and a metric as it is, and
/// is of the trust domain that it seems to be of.
class SpiffeIdFuzzTest {
    private static final String MAY_HOLD = "[A-Za-z0-9:/._-]+";

    @FuzzTest
    void an_accepted_id_says_one_thing(byte[] text) {
        var uri = new String(text, StandardCharsets.UTF_8);
        SpiffeId.parse(uri)
                .ifPresent(id -> {
                    assertThat(id.uri()).isEqualTo(uri).matches(MAY_HOLD);
                    assertThat(id.trustDomain()).isNotEmpty().doesNotContain("/", ":");
                    assertThat(uri).startsWith("spiffe://" + id.trustDomain() + "/");
                    var path = uri.substring(("spiffe://" + id.trustDomain() + "/").length());
                    assertThat(Arrays.asList(path.split("/", -1))).doesNotContain("", ".", "..");
                });
    }
}
