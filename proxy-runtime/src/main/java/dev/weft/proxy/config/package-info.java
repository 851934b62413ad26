/// Turns Envoy's messages into immutable tables: enter at [ConfigSink]. Everything that can be
/// computed when configuration arrives is computed here, once, on the xDS thread.
@NullMarked
package dev.weft.proxy.config;

import org.jspecify.annotations.NullMarked;
