insert into report
select * from orders
where environment in ('{{ var.json.environments[0] }}')
  and source = '{{ conn.events_api.host }}'
