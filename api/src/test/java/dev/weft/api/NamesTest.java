package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NamesTest {
    @Test
    void a_revision_is_its_version_as_a_dns_label() {
        assertThat(Names.revision("0.2.0")).isEqualTo("0-2-0");
        assertThat(Names.revision("1.0.0-rc.1")).isEqualTo("1-0-0-rc-1");
    }
}
