/// The files that the cases are about.
enum AWSCaseFiles {
  static let credentials = """
    # comment
    [default]
    aws_access_key_id = AKIDDEFAULT
    aws_secret_access_key = s
    [plain]
    AWS_Access_Key_Id=AKIDPLAIN
    aws_secret_access_key=s=+/
    [both]
    aws_access_key_id = AKIDCREDENTIALS
    aws_secret_access_key = s
    [half]
    aws_access_key_id = AKIDHALF
    [colon]
    aws_access_key_id: AKIDCOLON
    aws_secret_access_key: s
    [process-after-credentials]
    aws_access_key_id = AKIDFIRST
    aws_secret_access_key = s
    """

  static let config = """
    [default]
    region = eu-central-1
    [profile plain]
    region = ap-south-1
    [profile config-keys]
    aws_access_key_id = AKIDCONFIG
    aws_secret_access_key = s ; part of it
    s3 =
      addressing_style = path
    [profile both]
    aws_access_key_id = AKIDCONFIG
    aws_secret_access_key = s
    [profile token]
    aws_access_key_id = AKIDTOKEN
    aws_secret_access_key = s
    aws_session_token = tok
    [profile old-token]
    aws_access_key_id = AKIDTOKEN
    aws_secret_access_key = s
    aws_session_token = new
    aws_security_token = old
    [profile "spaced name"]
    aws_access_key_id = AKIDSPACED
    aws_secret_access_key = s
    [profile Upper]
    aws_access_key_id = AKIDUPPER
    aws_secret_access_key = s
    [profile empty]
    region = eu-west-3
    [profile process]
    credential_process = /bin/echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s","SessionToken":"t"}'
    [profile process-quoted]
    credential_process = sh -c "echo '{\\"Version\\":1,\\"AccessKeyId\\":\\"'$0'$1'\\",\\"SecretAccessKey\\":\\"s\\"}'" a\\ b "c $HOME"
    [profile process-version]
    credential_process = /bin/echo '{"Version":2,"AccessKeyId":"PROC","SecretAccessKey":"s"}'
    [profile process-fails]
    credential_process = /bin/sh -c 'exit 3'
    [profile process-lost]
    credential_process = /nonexistent/program
    [profile process-nonsense]
    credential_process = /bin/echo hello
    [profile process-partly]
    credential_process = /bin/echo '{"Version":1,"AccessKeyId":"PROC"}'
    [profile process-open-quote]
    credential_process = /bin/echo 'hello
    [profile process-before-config]
    credential_process = /bin/echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s"}'
    aws_access_key_id = AKIDCONFIG
    aws_secret_access_key = s
    [profile process-after-credentials]
    credential_process = /bin/echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s"}'
    [profile process-ended]
    credential_process = /bin/echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s","Expiration":"2001-01-01T00:00:00Z"}'

    """ + roles + signOns

  private static let roles = """
    [profile role]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    [profile role-of-role]
    role_arn = arn:aws:iam::1:role/two
    source_profile = role
    [profile role-named]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    role_session_name = me
    external_id = ext
    [profile role-duration]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    duration_seconds = 900
    [profile role-duration-wrong]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    duration_seconds = long
    [profile role-self]
    role_arn = arn:aws:iam::1:role/self
    source_profile = role-self
    aws_access_key_id = AKIDSELF
    aws_secret_access_key = s
    [profile role-self-bare]
    role_arn = arn:aws:iam::1:role/self
    source_profile = role-self-bare
    [profile circle-a]
    role_arn = arn:aws:iam::1:role/a
    source_profile = circle-b
    [profile circle-b]
    role_arn = arn:aws:iam::1:role/b
    source_profile = circle-a
    [profile role-nobody]
    role_arn = arn:aws:iam::1:role/one
    [profile role-both]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    credential_source = Environment
    [profile role-unknown]
    role_arn = arn:aws:iam::1:role/one
    credential_source = environment
    [profile role-missing]
    role_arn = arn:aws:iam::1:role/one
    source_profile = nowhere
    [profile role-empty]
    role_arn = arn:aws:iam::1:role/one
    source_profile = empty
    [profile role-denied]
    role_arn = arn:aws:iam::1:role/denied
    source_profile = plain
    [profile role-keys]
    role_arn = arn:aws:iam::1:role/outer
    source_profile = role-self
    [profile role-of-process]
    role_arn = arn:aws:iam::1:role/one
    source_profile = process
    [profile role-of-sign-on]
    role_arn = arn:aws:iam::1:role/one
    source_profile = sign-on
    [profile role-env]
    role_arn = arn:aws:iam::1:role/one
    credential_source = Environment
    [profile role-machine]
    role_arn = arn:aws:iam::1:role/one
    credential_source = Ec2InstanceMetadata
    [profile role-container]
    role_arn = arn:aws:iam::1:role/one
    credential_source = EcsContainer
    [profile role-own-endpoint]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    endpoint_url = @URL
    [profile role-services]
    role_arn = arn:aws:iam::1:role/one
    source_profile = plain
    services = local
    [services local]
    sts =
      endpoint_url = @URL
    [profile web]
    role_arn = arn:aws:iam::1:role/web
    web_identity_token_file = @HOME/token
    role_session_name = me
    [profile web-no-role]
    web_identity_token_file = @HOME/token
    [profile web-and-source]
    role_arn = arn:aws:iam::1:role/web
    source_profile = plain
    web_identity_token_file = @HOME/token

    """

  /// The names of sessions and addresses whose tokens are stored, by the digest that names the file.
  static let logins = [
    "corp": "ee0bfd2552fbd840c02cc48b6e823320543c450f", "late": "5d6200f8cf98af475edcac2c97f966ad156ed51f",
    "over": "f0fed7e4932302916b4e9c73fe47edcafeed7c44", "refused": "a503bc1da23a6a8fafc646f69e65cc7d22fd4b53",
    "legacy": "44f131d851233caf8935977bab57d47642050afc", "ended": "737baae8c77fbfb356e41248843e8356e2e6798c",
  ]

  private static let signOns =
    ["corp", "late", "over", "lost", "refused"].map { name in
      """
      [sso-session \(name)]
      sso_start_url = https://corp.example/start
      sso_region = us-east-1
      [profile \(name == "corp" ? "sign-on" : "sign-on-\(name)")]
      sso_session = \(name)
      sso_account_id = 123456789012
      sso_role_name = Admin & Co

      """
    }.joined() + """
      [profile sign-on-legacy]
      sso_start_url = https://legacy.example/start
      sso_region = us-east-1
      sso_account_id = 1
      sso_role_name = Legacy
      [profile sign-on-legacy-ended]
      sso_start_url = https://ended.example/start
      sso_region = us-east-1
      sso_account_id = 1
      sso_role_name = Legacy
      [profile sign-on-partly]
      sso_account_id = 1
      sso_start_url = https://legacy.example/start
      [profile sign-on-contradicts]
      sso_session = corp
      sso_region = eu-west-1
      sso_account_id = 1
      sso_role_name = Admin
      [profile sign-on-nowhere]
      sso_session = nowhere
      sso_account_id = 1
      sso_role_name = Admin
      [profile sign-on-and-keys]
      sso_session = corp
      sso_account_id = 1
      sso_role_name = Admin
      aws_access_key_id = AKIDCONFIG
      aws_secret_access_key = s
      [profile only-session]
      sso_session = corp
      aws_access_key_id = AKIDCONFIG
      aws_secret_access_key = s

      """
}
