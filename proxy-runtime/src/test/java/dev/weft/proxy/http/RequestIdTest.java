package dev.weft.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RequestIdTest {
    @Test
    void ids_are_different_uuids_of_version_4() {
        var random = new SplittableRandom(1);
        var seen = new HashSet<UUID>();

        for (int i = 0; i < 1000; i++) {
            var text = RequestId.of(random).toString();
            var uuid = UUID.fromString(text);

            assertThat(uuid).hasToString(text);
            assertThat(uuid.version()).isEqualTo(4);
            assertThat(uuid.variant()).isEqualTo(2);
            seen.add(uuid);
        }
        assertThat(seen).hasSize(1000);
    }
}
