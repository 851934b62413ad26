package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AnnotationsTest {
    @Test
    void reads_one_annotation_a_line() {
        var annotations =
                Annotations.parse(
                        "weft.dev/revision=\"0-2-0\"\nkubernetes.io/config.seen=\"now\"\n");

        assertThat(annotations)
                .containsEntry("weft.dev/revision", "0-2-0")
                .containsEntry("kubernetes.io/config.seen", "now")
                .hasSize(2);
    }

    @Test
    void undoes_the_quoting_of_go() {
        var annotations =
                Annotations.parse(
                        "a=\"{\\\"x\\\":\\\"\\\\n\\\"}\\n\\t\\u00e4\\x41\\U0001f600=\\\"\"");

        assertThat(annotations).containsEntry("a", "{\"x\":\"\\n\"}\n\täA😀=\"");
    }

    @Test
    void leaves_out_what_is_no_annotation() {
        assertThat(Annotations.parse("\n=\"x\"\nabc\na=b\na=\"unfinished\n")).isEmpty();
    }

    @Test
    void survives_an_escape_that_is_cut_off() {
        assertThat(Annotations.parse("a=\"\\u00\"\nb=\"\\Uffffffff\"")).containsKeys("a", "b");
    }
}
