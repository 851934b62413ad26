package dev.weft.proxy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.bootstrap.AdsVariant;
import dev.weft.proxy.xds.AdsAnswerProperty;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// Bytes that come over an ADS stream are a response that is answered, or none. The first byte says
/// in which variant of the protocol.
class AdsAnswerFuzzTest {
    @TempDir static Path folder;

    private static AdsAnswerProperty property;

    @BeforeAll
    static void prepare() {
        property = new AdsAnswerProperty(ConfigFuzzTest.good(), folder);
        // loads what the fuzzer would call a slow response
        ConfigFuzzTest.use(property.holds(AdsVariant.DELTA, new byte[0]));
    }

    @FuzzTest
    void responses_are_answered(byte[] input) {
        if (input.length == 0) {
            return;
        }
        var variants = AdsVariant.values();
        var variant = variants[Math.floorMod(input[0], variants.length)];
        ConfigFuzzTest.use(property.holds(variant, Arrays.copyOfRange(input, 1, input.length)));
    }
}
