package dev.weft.proxy.testing;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What a fuzzer says in lines: its corpus can be read. A byte is a character, as in HTTP.
public final class Lines {
    private final List<String> all;

    public Lines(byte[] bytes, int from) {
        all =
                new String(bytes, from, bytes.length - from, StandardCharsets.ISO_8859_1)
                        .lines()
                        .toList();
    }

    /// Empty: there are not so many.
    public String get(int index) {
        return index < all.size() ? all.get(index) : "";
    }

    /// What decoders let through of the lines from here on: `name:value`.
    public HttpHeaders headers(int from) {
        var headers = DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        for (var line : all.subList(Math.min(from, all.size()), all.size())) {
            var colon = line.indexOf(':');
            var name = (colon < 0 ? line : line.substring(0, colon)).replaceAll("[^!-9;-~]", "");
            if (!name.isEmpty()) {
                var value = colon < 0 ? "" : line.substring(colon + 1);
                headers.add(name, value.replaceAll("[\\x00-\\x08\\x0a-\\x1f\\x7f]", "").strip());
            }
        }
        return headers;
    }
}
