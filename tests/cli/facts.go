// facts: Go's sumdb/note and sumdb/tlog judge what tests/cli/facts prints.
// Each fact is made again from the leaves and compared, and verified.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var stored []tlog.Hash
var signer note.Signer
var verifier note.Verifier

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "facts.go: %s: %v\n", what, err)
		os.Exit(5)
	}
}

func need(holds bool, what string) {
	if !holds {
		check(fmt.Errorf("differs"), what)
	}
}

func record(i int64) []byte {
	return []byte(fmt.Sprintf("leaf %d", i))
}

func reader(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, stored[i])
	}
	return out, nil
}

func root(size int64) tlog.Hash {
	h, err := tlog.TreeHash(size, tlog.HashReaderFunc(reader))
	check(err, "TreeHash")
	return h
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	check(err, "number")
	return n
}

func hashes(texts []string) []tlog.Hash {
	var out []tlog.Hash
	for _, t := range texts {
		h, err := tlog.ParseHash(t)
		check(err, "hash")
		out = append(out, h)
	}
	return out
}

func same(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func checkNote(text string) {
	msg, err := base64.StdEncoding.DecodeString(text)
	check(err, "note")
	n, err := note.Open(msg, note.VerifierList(verifier))
	check(err, "note")
	// The same text, signed by Go with the same key: to the byte.
	again, err := note.Sign(&note.Note{Text: n.Text}, signer)
	check(err, "Sign")
	need(string(again) == string(msg), "note signed by Go")
	lines := strings.Split(n.Text, "\n")
	need(lines[2] == root(number(lines[1])).String(), "root")
	// A bit changed.
	msg[len(lines[0])] ^= 1
	_, err = note.Open(msg, note.VerifierList(verifier))
	need(err != nil, "spoiled note")
}

func main() {
	var err error
	for i := int64(0); i < 5000; i++ {
		more, err := tlog.StoredHashes(i, record(i), tlog.HashReaderFunc(reader))
		check(err, "StoredHashes")
		stored = append(stored, more...)
	}
	seen := map[string]int{}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		w := strings.Fields(in.Text())
		seen[w[0]]++
		switch w[0] {
		case "signer":
			signer, err = note.NewSigner(w[1])
			check(err, "signer")
		case "key":
			verifier, err = note.NewVerifier(w[1])
			check(err, "key")
			need(verifier.KeyHash() == signer.KeyHash(), "key ID")
		case "note":
			checkNote(w[1])
		case "inclusion":
			index, size := number(w[1]), number(w[2])
			ours := hashes(w[3:])
			theirs, err := tlog.ProveRecord(size, index, tlog.HashReaderFunc(reader))
			check(err, "ProveRecord")
			need(same(ours, theirs), in.Text())
			check(tlog.CheckRecord(ours, size, root(size), index, tlog.RecordHash(record(index))),
				"CheckRecord")
		case "consistency":
			first, second := number(w[1]), number(w[2])
			ours := hashes(w[3:])
			theirs, err := tlog.ProveTree(second, first, tlog.HashReaderFunc(reader))
			check(err, "ProveTree")
			need(same(ours, theirs), in.Text())
			check(tlog.CheckTree(ours, second, root(second), first, root(first)), "CheckTree")
		}
	}
	check(in.Err(), "reading")
	need(seen["note"] > 0 && seen["inclusion"] > 0 && seen["consistency"] > 0, "facts")
	fmt.Println(seen["note"], "trees agree")
}
