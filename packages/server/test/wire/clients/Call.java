import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import latchkey.ApiClient;
import latchkey.ApiException;
import latchkey.api.AuthApi;
import latchkey.api.GuardsApi;
import latchkey.model.CurrentUserInfo;
import latchkey.model.LoginRequest;
import latchkey.model.LoginResponse;
import latchkey.model.RefreshByRefreshToken;
import latchkey.model.RefreshTokenRequest;
import latchkey.model.RefreshTokenResponse;

/** Signs in, refreshes and signs out with the client that was generated for Java, and prints the answers as JSON. */
public class Call {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    String host = arguments[0];
    ApiClient anonymous = client(host, null);
    LoginResponse signedIn =
        new AuthApi(anonymous)
            .loginAuthLoginPost(new LoginRequest().username(arguments[1]).password(arguments[2]));
    RefreshByRefreshToken grant = new RefreshByRefreshToken().refreshToken(signedIn.getRefreshToken());
    RefreshTokenResponse refreshed =
        new AuthApi(anonymous).refreshTokenAuthRefreshPost(new RefreshTokenRequest(grant));
    AuthApi auth = new AuthApi(client(host, refreshed.getAccessToken()));
    CurrentUserInfo me = auth.getCurrentUserInfoAuthMeGet();
    String message = auth.logoutAuthLogoutPost().getMessage();
    Map<String, Object> answers = new LinkedHashMap<>();
    answers.put("username", me.getUsername());
    answers.put("roles", me.getRoles());
    answers.put("expiresIn", refreshed.getExpiresIn());
    answers.put("message", message);
    answers.put("refused", refusalOf(auth));
    answers.put("ended", new GuardsApi(anonymous).revocations(null, null).getRevocations().size());
    System.out.println(json.writeValueAsString(answers));
  }

  private static Map<String, Object> refusalOf(AuthApi auth) throws Exception {
    try {
      auth.getCurrentUserInfoAuthMeGet();
      return null;
    } catch (ApiException refusal) {
      String code = json.readTree(refusal.getResponseBody()).get("code").asText();
      return Map.of("status", refusal.getCode(), "code", code);
    }
  }

  private static ApiClient client(String host, String token) {
    ApiClient client = new ApiClient();
    client.updateBaseUri(host);
    if (token != null) {
      client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    }
    return client;
  }
}
