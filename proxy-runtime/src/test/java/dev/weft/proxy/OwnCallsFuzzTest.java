package dev.weft.proxy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.admin.ProbeProperty;
import dev.weft.proxy.cluster.HealthAnswerProperty;
import dev.weft.proxy.trace.CollectorAnswerProperty;
import dev.weft.proxy.xds.LoadAnswerProperty;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// What comes back to the proxy's own calls, and to its ports for the kubelet, is understood or
/// means no. The first byte says of which.
class OwnCallsFuzzTest {
    private static final int KINDS = 8;

    @FuzzTest
    void answers_are_understood_or_mean_no(byte[] input) {
        if (input.length == 0) {
            return;
        }
        var said = Arrays.copyOfRange(input, 1, input.length);
        switch (Math.floorMod(input[0], KINDS)) {
            case 0 -> HealthAnswerProperty.http(said);
            case 1 -> HealthAnswerProperty.grpc(said);
            case 2 -> HealthAnswerProperty.tcp(said);
            case 3 -> {
                ProbeProperty.hasAResult("", said);
                ProbeProperty.hasAResult("my_host", said);
            }
            case 4 -> ProbeProperty.isServed(said);
            case 5 -> ProbeProperty.isParsed(new String(said, StandardCharsets.UTF_8));
            case 6 -> CollectorAnswerProperty.holds(said);
            default -> LoadAnswerProperty.holds(said);
        }
    }
}
