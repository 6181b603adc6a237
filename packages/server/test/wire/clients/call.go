// Signs in, refreshes and signs out with the client that was generated for Go, and prints the answers as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	latchkey "client.test/latchkey/client"
)

func main() {
	host, username, password := os.Args[1], os.Args[2], os.Args[3]
	configuration := latchkey.NewConfiguration()
	configuration.Servers = latchkey.ServerConfigurations{{URL: host}}
	client := latchkey.NewAPIClient(configuration)
	anonymous := context.Background()

	signedIn, _, err := client.AuthAPI.LoginAuthLoginPost(anonymous).
		LoginRequest(*latchkey.NewLoginRequest(username, password)).Execute()
	check(err)
	grant := latchkey.NewRefreshByRefreshToken(signedIn.RefreshToken)
	refreshed, _, err := client.AuthAPI.RefreshTokenAuthRefreshPost(anonymous).
		RefreshTokenRequest(latchkey.RefreshTokenRequest{RefreshByRefreshToken: grant}).Execute()
	check(err)
	bearer := context.WithValue(anonymous, latchkey.ContextAccessToken, refreshed.AccessToken)
	me, _, err := client.AuthAPI.GetCurrentUserInfoAuthMeGet(bearer).Execute()
	check(err)
	message, _, err := client.AuthAPI.LogoutAuthLogoutPost(bearer).Execute()
	check(err)
	_, response, err := client.AuthAPI.GetCurrentUserInfoAuthMeGet(bearer).Execute()
	var refusal *latchkey.GenericOpenAPIError
	if !errors.As(err, &refusal) {
		panic("a token of an ended session was accepted")
	}
	body, ok := refusal.Model().(latchkey.ErrorResponse)
	if !ok {
		panic("the refusal is not of the documented model")
	}
	page, _, err := client.GuardsAPI.Revocations(anonymous).Execute()
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"username":  me.Username,
		"roles":     me.Roles,
		"expiresIn": refreshed.ExpiresIn,
		"message":   message.Message,
		"refused":   map[string]any{"status": response.StatusCode, "code": body.Code},
		"ended":     len(page.Revocations),
	}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
