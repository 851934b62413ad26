/// What comes over HTTP/1.1 connections, judged byte by byte before it means anything: requests
/// ([StrictRequestDecoder], then [RequestRules]) and answers ([StrictResponseDecoder]).
@NullMarked
package dev.weft.proxy.http1;

import org.jspecify.annotations.NullMarked;
