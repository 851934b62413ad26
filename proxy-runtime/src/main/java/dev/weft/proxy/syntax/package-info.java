/// The syntax that HTTP/1.1 and HTTP/2 share: enter at [Tokens].
@NullMarked
package dev.weft.proxy.syntax;

import org.jspecify.annotations.NullMarked;
