package dev.weft.proxy.hash;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HashesTest {
    /// From the reference implementation in C.
    @Test
    void xxhash_is_the_reference() {
        assertThat(Hashes.xxHash64("", 0)).isEqualTo(0xef46db3751d8e999L);
        assertThat(Hashes.xxHash64("a", 0)).isEqualTo(0xd24ec4f1a98c6e5bL);
        assertThat(Hashes.xxHash64("hello world", 0)).isEqualTo(0x45ab6734b21e6968L);
        assertThat(Hashes.xxHash64("10.0.0.1:80_0", 0)).isEqualTo(0x75041381e7371a08L);
        assertThat(Hashes.xxHash64("10.0.0.1:80", 1)).isEqualTo(0xa456919bcbffaa92L);
        assertThat(Hashes.xxHash64("The quick brown fox jumps over the lazy dog", 0))
                .isEqualTo(0x0b242d361fda71bcL);
        assertThat(Hashes.xxHash64("0123456789abcdef0123456789abcdef", 7))
                .isEqualTo(0xf3bfb9ba5c7df996L);
    }

    /// From `std::hash<std::string>` of GNU's C++ library.
    @Test
    void murmur_is_that_of_gnu() {
        assertThat(Hashes.murmur2("")).isEqualTo(0x553e93901e462a6eL);
        assertThat(Hashes.murmur2("a")).isEqualTo(0x454ddee488c1ed6bL);
        assertThat(Hashes.murmur2("hello world")).isEqualTo(0x4d6686d362067ff9L);
        assertThat(Hashes.murmur2("10.0.0.1:80_0")).isEqualTo(0xbd8f6461ecffb28cL);
        assertThat(Hashes.murmur2("The quick brown fox jumps over the lazy dog"))
                .isEqualTo(0xdccbf2541704bc75L);
    }
}
