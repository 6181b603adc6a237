// Serves verify.go: the answer to a bearer token, and the state of the follower.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	ctx := context.Background()
	issuer := os.Getenv("ISSUER")
	list := os.Getenv("REVOCATIONS")
	if list == "" {
		list = issuer + "/revocations"
	}
	staleAfter, err := time.ParseDuration(os.Getenv("STALE_AFTER") + "s")
	if err != nil {
		log.Fatal(err)
	}
	ended := Follow(ctx, list, os.Getenv("GUARD_KEY"), staleAfter)
	verifier, err := NewVerifier(ctx, issuer, os.Getenv("AUDIENCE"), ended)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/known", func(w http.ResponseWriter, _ *http.Request) {
		ended.mu.RLock()
		defer ended.mu.RUnlock()
		fmt.Fprint(w, len(ended.ended))
	})
	http.HandleFunc("/sessions/{id}", func(w http.ResponseWriter, r *http.Request) {
		over, err := ended.HasEnded(r.PathValue("id"))
		switch {
		case err != nil:
			fmt.Fprint(w, "unavailable")
		case over:
			fmt.Fprint(w, "ended")
		default:
			fmt.Fprint(w, "live")
		}
	})
	http.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		_, err := verifier.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		switch {
		case errors.Is(err, ErrUnavailable):
			w.WriteHeader(http.StatusServiceUnavailable)
		case err != nil:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
