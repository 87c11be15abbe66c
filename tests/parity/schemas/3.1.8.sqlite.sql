-- The tables that `airflow db migrate` of Airflow 3.1.8 made in SQLite.
CREATE TABLE team (
    id CHAR(32) NOT NULL,
    name VARCHAR(50) NOT NULL,
    CONSTRAINT team_pkey PRIMARY KEY (id),
    CONSTRAINT team_name_uq UNIQUE (name)
);

CREATE TABLE connection (
    id INTEGER NOT NULL,
    conn_id VARCHAR(250) NOT NULL,
    conn_type VARCHAR(500) NOT NULL,
    description VARCHAR(5000),
    host VARCHAR(500),
    schema VARCHAR(500),
    login TEXT,
    password TEXT,
    port INTEGER,
    is_encrypted BOOLEAN,
    is_extra_encrypted BOOLEAN,
    team_id CHAR(32),
    extra TEXT,
    CONSTRAINT connection_pkey PRIMARY KEY (id),
    CONSTRAINT connection_conn_id_uq UNIQUE (conn_id),
    CONSTRAINT connection_team_id_fkey FOREIGN KEY(team_id) REFERENCES team (id)
);

CREATE TABLE variable (
    id INTEGER NOT NULL,
    "key" VARCHAR(250),
    val TEXT,
    description TEXT,
    is_encrypted BOOLEAN,
    team_id CHAR(32),
    CONSTRAINT variable_pkey PRIMARY KEY (id),
    CONSTRAINT variable_key_uq UNIQUE ("key"),
    CONSTRAINT variable_team_id_fkey FOREIGN KEY(team_id) REFERENCES team (id)
);

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version VALUES ('509b94a1042d');
