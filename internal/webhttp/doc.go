// Package webhttp holds what all of Turnike's own HTTP answers share: problem
// documents and notice pages, cookies, JSON, the reader's language, and the
// protection of our own pages.
//
// It owns the one table from errors to problem documents (RFC 9457), which
// [ProblemOf] reads; every refusal is written by [Responder.Refuse]. A request to
// one of our own routes passes [Protection] first: the security headers, the
// deadlines for its body and its answer, the bound on its headers, the refusal of
// tokens in URLs, and the check for requests from other sites. Then [Responder.Methods]
// picks its handler.
//
// What belongs to an application behind Turnike must not pass Protection. This
// package must not know which routes exist, nor sockets, SQL, or how a rule is
// decided. It is not package web, which holds the built pages and all texts.
package webhttp
