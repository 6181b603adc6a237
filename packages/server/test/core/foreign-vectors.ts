/** The password of every vector. */
export const vectorPassword = "grüße aus \u017dilina 1";

/** Hashes of `vectorPassword`, each made by the program that its name begins with. */
export const foreignVectors: readonly (readonly [origin: string, text: string])[] = [
  [
    "Django argon2",
    "argon2$argon2id$v=19$m=64,t=1,p=8$dFFRV2cxU2dLYnk2aDBJdkZZVlNTZA$4O6oe4949epeZJR5zBFUFzAX4SkAj6QHWMkDel9V1jw",
  ],
  ["Django bcrypt", "bcrypt$$2b$04$ECiAxi9x8xD3HSBmp4yG.ODFMMzSC/D6634W3Ft/hFVjm.n8S0XN2"],
  ["Django bcrypt_sha256", "bcrypt_sha256$$2b$04$rsj0jSb.88bVssKJ0UeMkurSVEsuLsT3BiFOqijM0KLlg6Gqw3xu2"],
  [
    "Django scrypt",
    "scrypt$1024$uwv2OCPPwbJvPEq4ZxH1Vm$8$5$+wuic+lPR8+2y9ZTmv4ct5JEVgf0F/FZznbFVmnxtSAD9iUNR1MHjsUgdgqj8US/pNA/6fq9G4iKfOFudHs0YA==",
  ],
  ["Django PBKDF2", "pbkdf2_sha256$1000$E5BEWQ18EkmW8WGaX3gU6p$2t2Nzi5ANgR4gjhjPO7iJTOqEginw04k2AsisBfX+jg="],
  ["Django PBKDF2 with SHA-1", "pbkdf2_sha1$1000$4S1kG7lwl8p6peVd0xClYu$Z64ND6+4m/TOmGkPDxfWMa6X5ZY="],
  [
    "passlib argon2",
    "$argon2id$v=19$m=64,t=1,p=2$NyaEUOp9r7X2fu/9P0fImQ$JHH5fLH3HbHiviGhaqo/FG5sXdSMdSk12GruLjT7nyk",
  ],
  ["passlib bcrypt 2b", "$2b$04$oNLB3A5/pnvIfdvdvl9gaO2U7HoFLv9tduI/g/rVGlNtQbZVfJxQC"],
  ["passlib bcrypt 2a", "$2a$04$EmCN22byj8udtaKXmUHEqOvowXNHgS6RXLoPiuz1MiEgfMR5kVM2u"],
  ["passlib bcrypt 2y", "$2y$04$UZvlP0sDsDV53a/tcs5wae2WsemH/QJd4NjfZABSssN4.aZbu4bRG"],
  [
    "passlib scrypt",
    "$scrypt$ln=10,r=8,p=1$B2CMsRaCECKktDYmRCgFAA$Zs6jQr0B5TtkZnxKUravzuHeiamB4XqHuKUI0iKgVzU",
  ],
  ["passlib PBKDF2 with SHA-1", "$pbkdf2$1000$ypnzfg.hVAqBkFJKyRnDeA$JdaWUFbA9fkLYayHewTywlRrTdA"],
  [
    "passlib PBKDF2 with SHA-256",
    "$pbkdf2-sha256$1000$QAgBICTkPAcAYMyZUyoFQA$956VPCyRPvZzY5fwrwk8XIE4NP90DX24BIHhC3ynx9M",
  ],
  [
    "passlib PBKDF2 with SHA-512",
    "$pbkdf2-sha512$1000$yhljDEHIeS.l1Lq3FqI0pg$4.MCQ8IpKpuENd0gyBrjyjJm./mwcYwYRG/5OCnvIPD1b.Xhw9eAdtEfgpCE7e4.ggk9uR/BwWUouHSFBlyndw",
  ],
  ["passlib SHA-256-crypt", "$5$rounds=1000$9.t1DWMM3BkZtfwV$2HdxrVwyKXsGGahi99Vp60Y6z4eadF5JgPVSGMlNWW0"],
  [
    "passlib SHA-512-crypt",
    "$6$pmwgkky7AvxBB1rm$lL6mbY4tdxaIosAsc0Jgqk6qXTMRsdeh7MBRbaDlM15J45OySWe8zQV6kfpXSrQ7qkM8SU7.LwMr15WIy3zpw1",
  ],
  [
    "OpenSSL SHA-512-crypt",
    "$6$abcdefgh$flzO3gHwsRfQYnY0pR0.ppTmvGG9hmyFCOw2CiDH4c3rDU3EJfcs6D5Zvdfr7gw17Pblh3mqY2mkC8LLEWCqm1",
  ],
  ["passlib phpass", "$P$5JuX8F5NTM7kYO9ZRh3mJJ3fXnFJDI/"],
  ["passlib phpass of phpBB", "$H$6Lsr3mItuYNsCrN9aSSlkDHnnkVFFs/"],
];

/** The hash that Firebase publishes beside its algorithm, in the form of Supabase, of the password `user1password`. */
export const firebaseVector = {
  password: "user1password",
  salt: "42xEC+ixf3L2lw==",
  hash: "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
  separator: "Bw==",
  signerKey: "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
} as const;
